/** How long to wait before the next attempt. */
export interface BackOff {
  /** @param atLeastMs what the server asked for */
  nextMs(atLeastMs?: number): number
  /** All is well: the next wait is a short one again. */
  reset(): void
}

/**
 * Doubles from `minMs` to `maxMs`, and takes a random part of that ("full jitter"), so that all that failed at once does not come back at once.
 * @param random from 0 to 1
 */
export function createBackOff({
  minMs,
  maxMs,
  random,
}: {
  readonly minMs: number
  readonly maxMs: number
  readonly random: () => number
}): BackOff {
  let ceilingMs = minMs
  return {
    nextMs: (atLeastMs = 0) => {
      const waitMs = atLeastMs + random() * ceilingMs
      ceilingMs = Math.min(ceilingMs * 2, maxMs)
      return waitMs
    },
    reset: () => {
      ceilingMs = minMs
    },
  }
}
