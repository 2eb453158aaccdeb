import { figure } from '../../lib/bench.ts'
import { medianOf } from '../../lib/percentiles.ts'

/** A figure that was measured several times: the middle one counts, the others say how far to trust it. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Zeroes for no values. */
export const spreadOf = (values: readonly number[]): Spread => ({
  median: medianOf(values),
  min: Math.min(...values, ...(values.length === 0 ? [0] : [])),
  max: Math.max(...values, ...(values.length === 0 ? [0] : [])),
})

export const exactly = (value: number): Spread => ({ median: value, min: value, max: value })

/** `1,234 ±5 %`: half of what lies between the least and the most, of the median. */
export function spreadText({ median, min, max }: Spread): string {
  if (min === max || median === 0) return figure(median)
  return `${figure(median)} ±${Math.round((50 * (max - min)) / median)} %`
}

/** Ours divided by theirs; null when there is nothing to divide by. */
export const ratioOf = (ours: number, theirs: number): number | null =>
  theirs === 0 || !Number.isFinite(ours / theirs) ? null : ours / theirs

/** A part of a whole as per cent, never rounded up to all of it. */
export function percentText(part: number, whole: number): string {
  if (whole === 0) return '-'
  if (part === whole) return '100 %'
  const percent = (100 * part) / whole
  return `${Math.min(99.99, Math.floor(percent * 100) / 100)} %`
}
