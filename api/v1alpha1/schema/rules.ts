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

/** Two numbers of one section, of which the first is at least the second. */
export function atLeast(greater: string, smaller: string, otherwise: string) {
  return {
    rule: `!has(self.${greater}) || !has(self.${smaller}) || self.${greater} >= self.${smaller}`,
    message: `${greater} must be at least ${smaller}: ${otherwise}`,
    fieldPath: `.${greater}`,
    holds: (self: Readonly<Record<string, number | undefined>>) => isAtMost(self[smaller], self[greater]),
  } as const satisfies SchemaRule
}

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
