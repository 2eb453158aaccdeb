/** Two clocks, for two questions. */
export interface Clock {
  /** How long did it take? Milliseconds since any moment; never goes back. */
  now(): number
  /** What time is it? Milliseconds since 1970; may jump. */
  wallNow(): number
}

export const systemClock: Clock = { now: () => performance.now(), wallNow: () => Date.now() }

export interface Timers {
  /** Runs it once, after so many milliseconds or somewhat later. @returns what prevents that */
  after(ms: number, run: () => void): () => void
}

export const systemTimers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
