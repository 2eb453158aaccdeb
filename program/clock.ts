/** Two clocks: one for durations, one for dates. */
export interface Clock {
  /** Returns milliseconds since any moment, for durations. Never goes back. */
  now(): number
  /** Returns milliseconds since 1970, for dates. May jump. */
  wallNow(): number
}

export const systemClock: Clock = { now: () => performance.now(), wallNow: () => Date.now() }

export interface Timers {
  /** Calls `run` once, after that time or somewhat later. @returns the function that prevents the call */
  after(ms: number, run: () => void): () => void
}

export const systemTimers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
