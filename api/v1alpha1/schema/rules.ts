import { atLeastPairs } from '../../../gateway/config/at-least-pairs.ts'
import type { OptionName } from '../../../gateway/config/options.ts'
import { optionFields, type OptionFields } from '../option-fields.ts'
import { parseDurationMs } from '../../../program/durations.ts'
import { parseQuantity } from '../../quantities.ts'
import type { SchemaRule } from './json-schema.ts'

/** Rules that several fields use, and the comparisons of others. A comparison with a value that is left out holds, as the rules in CEL say. */

export function durationBetween(field: string, least: string, most: string) {
  return {
    rule: `duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`,
    message: `${field} must be from ${least} to ${most}`,
    holds: (self: string) =>
      isAtMost(parseDurationMs(least), parseDurationMs(self)) && isAtMost(parseDurationMs(self), parseDurationMs(most)),
  } as const satisfies SchemaRule
}

export function durationAtLeast(field: string, least: string) {
  return {
    rule: `duration(self) >= duration('${least}')`,
    message: `${field} must be at least ${least}`,
    holds: (self: string) => isAtMost(parseDurationMs(least), parseDurationMs(self)),
  } as const satisfies SchemaRule
}

type FieldPair = Extract<(typeof atLeastPairs)[number], readonly [keyof OptionFields, keyof OptionFields, string]>

/**
 * Returns the rule of a pair of options whose fields are in one section. The pairs (emitBurst, emitMaxBatch) and (replayMaxBytes, maxEventBytes) have
 * no rule: the operator fits the option that the channel leaves out (operator/reconcile/plan/fit-options.ts).
 */
export function optionPair<Greater extends FieldPair[0]>(
  greater: Greater,
  smaller: Extract<FieldPair, readonly [Greater, OptionName, string]>[1],
) {
  const [high, low] = [lastName(optionFields[greater].field), lastName(optionFields[smaller].field)]
  const [, , otherwise] = atLeastPairs.find((pair) => pair[0] === greater && pair[1] === smaller) ?? atLeastPairs[0] // the type allows only pairs of the table
  return {
    rule: `!has(self.${high}) || !has(self.${low}) || self.${high} >= self.${low}`,
    message: `${high} must be at least ${low}: ${otherwise}`,
    fieldPath: `.${high}`,
    holds: (self: Readonly<Record<string, number | undefined>>) => isAtMost(self[low], self[high]),
  } as const satisfies SchemaRule
}

const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** Returns whether two values are in order, or one is left out. Null, a text that is not a number, is in order with no value. */
export function isAtMost<N extends number | bigint>(low: N | null | undefined, high: N | null | undefined): boolean {
  return low === undefined || high === undefined || (low !== null && high !== null && low <= high)
}

export function atMostOne(...values: readonly unknown[]): boolean {
  return values.filter((value) => value !== undefined).length <= 1
}

export function nanoOf(quantity: string | number): bigint | null {
  return parseQuantity(quantity)?.nano ?? null
}
