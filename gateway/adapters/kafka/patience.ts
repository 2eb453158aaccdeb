/** How long to wait after so many attempts: twice as long each time, up to a bound, less a random part of up to a half. */
export const backoffMs = (attempts: number, { firstMs, maxMs }: { readonly firstMs: number; readonly maxMs: number }): number =>
  Math.min(maxMs, firstMs * 2 ** attempts) * (0.5 + Math.random() / 2)

/** Waits between attempts: longer each time, and never for as long as the others who wait. */
export interface Backoff {
  /** Resolves after the wait, or at once when the signal is aborted. */
  wait(signal: AbortSignal): Promise<void>
  /** The next wait is the first again. */
  reset(): void
  /** Ends the wait that is under way: what was waited for may have happened. */
  wake(): void
}

export function createBackoff(options: { readonly firstMs: number; readonly maxMs: number }): Backoff {
  let attempt = 0
  let waking = new AbortController()
  return {
    async wait(signal) {
      waking = new AbortController()
      await pause(backoffMs(attempt++, options), signal, waking.signal)
    },
    reset() {
      attempt = 0
    },
    wake: () => waking.abort(),
  }
}

/**
 * Resolves after that time, or at once when one of the signals is aborted. Not `AbortSignal.any`: Node 20 keeps 50 bytes of each with a signal
 * that lives on.
 */
export function pause(timeoutMs: number, ...signals: readonly AbortSignal[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signals.some(({ aborted }) => aborted)) return Promise.resolve()
  const done = (): void => {
    clearTimeout(timer)
    for (const signal of signals) signal.removeEventListener('abort', done)
    resolve()
  }
  const timer = setTimeout(done, timeoutMs)
  for (const signal of signals) signal.addEventListener('abort', done, { once: true })
  return promise
}

/** The promise's value, or a rejection after that time: the work behind it goes on, and whoever called it must bear that. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves when the promise is settled, or after that time: the work behind it goes on. */
export function settledWithin(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  const { promise: settled, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timeoutMs)
  const settle = (): void => {
    clearTimeout(timer)
    resolve()
  }
  promise.then(settle, settle)
  return settled
}

/**
 * Settles as the promise does, or resolves when the signal is aborted. Not a race with a promise that lives as long as the signal: what waits for
 * that one is held until it is settled, 300 bytes for each race that the other has won.
 */
export function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: outcome, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  if (signal.aborted) resolve()
  return outcome
}
