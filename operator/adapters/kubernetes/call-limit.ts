/** Lets a number of calls run at the same time. Others wait in order. */
export interface CallLimit {
  /** Waits for a place. @throws the signal's reason when it aborts before there is a place */
  enter(signal: AbortSignal): Promise<void>
  leave(): void
}

export function createCallLimit(maxCalls: number): CallLimit {
  let running = 0
  const waiting = new Set<() => void>()
  return {
    enter: async (signal) => {
      signal.throwIfAborted()
      if (running < maxCalls) {
        running += 1
        return
      }
      await new Promise<void>((resolve, reject) => {
        const go = (): void => {
          signal.removeEventListener('abort', giveUp)
          resolve()
        }
        const giveUp = (): void => {
          waiting.delete(go)
          reject(signal.reason as Error) // from our own controllers, whose reasons are errors
        }
        waiting.add(go)
        signal.addEventListener('abort', giveUp, { once: true })
      })
    },
    leave: () => {
      // The place goes to the next waiting call at once, so that no later call takes it.
      const [next] = waiting
      if (next === undefined) running -= 1
      else {
        waiting.delete(next)
        next()
      }
    },
  }
}
