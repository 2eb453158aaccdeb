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

/** A wait that can be cancelled, and then never ends. */
export function startWait(timers: Timers, ms: number): { readonly over: Promise<void>; readonly cancel: () => void } {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  return { over, cancel: timers.after(ms, resolve) }
}

/** Waits so many milliseconds, or until the signal is aborted. */
export async function sleep(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { over, cancel } = startWait(timers, ms)
  const { promise: aborted, resolve } = Promise.withResolvers<void>()
  const onAbort = (): void => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  await Promise.race([over, aborted])
  signal.removeEventListener('abort', onAbort)
  cancel()
}
