import { sleep } from './waiting.ts'

export interface BackOffBounds {
  /** Wait after the first failure. Milliseconds. */
  readonly firstMs: number
  /** Longest wait. Milliseconds. */
  readonly maxMs: number
}

/**
 * Random part of a wait. It keeps callers that failed together from coming back together.
 * `half`: between a half and the whole of the wait. `full`: between nothing and the whole.
 */
export type Jitter = 'half' | 'full'

/**
 * Returns the wait after that many failures in a row: it doubles from failure to failure, up to the longest wait.
 * @param failures from 1
 * @param random in [0, 1)
 */
export function backOffMs(failures: number, { firstMs, maxMs }: BackOffBounds, random: number, jitter: Jitter = 'half'): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, maxDoublings))
  return jitter === 'half' ? Math.round(wholeMs * (0.5 + random / 2)) : random * wholeMs
}

/** More doublings lead to Infinity. */
const maxDoublings = 40

/** Counts failures in a row, and says how long to wait after each. */
export interface BackOff {
  /**
   * Counts a failure and returns the wait before the next attempt.
   * @param atLeastMs wait that the server asked for; the back-off is added to it
   */
  nextMs(atLeastMs?: number): number
  /** Forgets the failures: the next wait is as long as the first. */
  reset(): void
}

export interface BackOffParts extends BackOffBounds {
  /** @default 'half' */
  readonly jitter?: Jitter
  /** Returns a number in [0, 1). @default Math.random */
  readonly random?: () => number
}

export function createBackOff({ jitter = 'half', random = Math.random, ...bounds }: BackOffParts): BackOff {
  let failures = 0
  return {
    nextMs(atLeastMs = 0) {
      failures += 1
      return atLeastMs + backOffMs(failures, bounds, random(), jitter)
    },
    reset() {
      failures = 0
    },
  }
}

/** Waits between attempts: after each failure longer than before. */
export interface BackOffWait {
  /** Counts a failure, and resolves after the wait, or at once when the signal is aborted. */
  wait(signal: AbortSignal): Promise<void>
  /** Forgets the failures: the next wait is as long as the first. */
  reset(): void
  /** Ends the current wait early, because what the caller waits for may have happened. */
  wake(): void
}

export function createBackOffWait(parts: BackOffParts): BackOffWait {
  const backOff = createBackOff(parts)
  let waking = new AbortController()
  return {
    async wait(signal) {
      waking = new AbortController()
      await sleep(backOff.nextMs(), [signal, waking.signal])
    },
    reset: backOff.reset,
    wake: () => waking.abort(),
  }
}
