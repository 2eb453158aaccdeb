import { figure } from '../../lib/bench.ts'
import { medianOf } from '../../lib/percentiles.ts'

/** A figure that was measured several times: the median counts, the others say how far to trust it. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Returns zeroes for no values. */
export const spreadOf = (values: readonly number[]): Spread => ({
  median: medianOf(values),
  min: Math.min(...values, ...(values.length === 0 ? [0] : [])),
  max: Math.max(...values, ...(values.length === 0 ? [0] : [])),
})

export const exactly = (value: number): Spread => ({ median: value, min: value, max: value })

/** Renders `1,234 ±5 %`: half of the distance between the least and the most, of the median. */
export function spreadText({ median, min, max }: Spread): string {
  if (min === max || median === 0) return figure(median)
  return `${figure(median)} ±${Math.round((50 * (max - min)) / median)} %`
}

/** Divides ours by theirs; null without a divisor. */
export const ratioOf = (ours: number, theirs: number): number | null =>
  theirs === 0 || !Number.isFinite(ours / theirs) ? null : ours / theirs

/** Renders a part of a whole as per cent, never rounded up to all of it. */
export function percentText(part: number, whole: number): string {
  if (whole === 0) return '-'
  if (part === whole) return '100 %'
  const percent = (100 * part) / whole
  return `${Math.min(99.99, Math.floor(percent * 100) / 100)} %`
}
