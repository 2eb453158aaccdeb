import { atLeastPairs } from '../../../gateway/config/at-least-pairs.ts'
import type { OptionName } from '../../../gateway/config/options.ts'
import { optionFields, type OptionFields } from '../option-fields.ts'
import { parseDurationMs } from '../../durations.ts'
import { parseQuantity } from '../../quantities.ts'
import type { SchemaRule } from './json-schema.ts'

/** Rules that several fields use, and the comparisons of others. A comparison with a value that is left out holds: the API server skips the rule. */

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
 * The rule of a pair of options whose fields stand beside each other. The pairs (emitBurst, emitMaxBatch) and (replayMaxBytes, maxEventBytes) have none:
 * the operator fits the one that the channel leaves out (operator/reconcile/plan/fit-options.ts).
 */
export function optionPair<Greater extends FieldPair[0]>(
  greater: Greater,
  smaller: Extract<FieldPair, readonly [Greater, OptionName, string]>[1],
) {
  const [high, low] = [lastName(optionFields[greater].field), lastName(optionFields[smaller].field)]
  const [, , otherwise] = atLeastPairs.find((pair) => pair[0] === greater && pair[1] === smaller) ?? atLeastPairs[0] // the type says that it is there
  return {
    rule: `!has(self.${high}) || !has(self.${low}) || self.${high} >= self.${low}`,
    message: `${high} must be at least ${low}: ${otherwise}`,
    fieldPath: `.${high}`,
    holds: (self: Readonly<Record<string, number | undefined>>) => isAtMost(self[low], self[high]),
  } as const satisfies SchemaRule
}

const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** A text that is no number (null) is not in order with any. */
export function isAtMost<N extends number | bigint>(low: N | null | undefined, high: N | null | undefined): boolean {
  return low === undefined || high === undefined || (low !== null && high !== null && low <= high)
}

export function atMostOne(...values: readonly unknown[]): boolean {
  return values.filter((value) => value !== undefined).length <= 1
}

export function nanoOf(quantity: string | number): bigint | null {
  return parseQuantity(quantity)?.nano ?? null
}
