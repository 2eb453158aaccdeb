export interface BackOffOptions {
  /** Before the first attempt that follows a failure. Milliseconds. */
  readonly baseMs: number
  /** Most, however many have failed. Milliseconds. */
  readonly maxMs: number
}

/**
 * How long to wait after failures in a row: twice as long each time, up to the limit, and of that a random part between half and the whole, so that
 * what failed together does not come back together.
 * @param failures from 1
 * @param random in [0, 1)
 */
export function backOffMs(failures: number, { baseMs, maxMs }: BackOffOptions, random: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, maxDoublings))
  return Math.round(full * (0.5 + random / 2))
}

/** More would only lead to Infinity. */
const maxDoublings = 40
