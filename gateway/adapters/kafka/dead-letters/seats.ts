/** Bounds the attempts that run at once, in the order of asking. Partitions in trouble have at most half of the places. */
export interface Seats {
  /**
   * Resolves with the function that gives the place back.
   * @throws the signal's reason
   */
  take(isSuspect: boolean, signal: AbortSignal): Promise<() => void>
}

interface Waiting {
  readonly isSuspect: boolean
  readonly enter: () => void
}

export function createSeats(count: number): Seats {
  const maxSuspects = Math.max(1, Math.floor(count / 2))
  const waiting = new Set<Waiting>()
  let taken = 0
  let suspects = 0

  const isFree = (isSuspect: boolean): boolean => taken < count && (!isSuspect || suspects < maxSuspects)

  function enterNext(): void {
    for (const one of waiting) {
      if (!isFree(one.isSuspect)) continue
      waiting.delete(one)
      one.enter()
    }
  }

  function occupy(isSuspect: boolean): () => void {
    let isBack = false
    taken += 1
    if (isSuspect) suspects += 1
    return () => {
      if (isBack) return
      isBack = true
      taken -= 1
      if (isSuspect) suspects -= 1
      enterNext()
    }
  }

  return {
    async take(isSuspect, signal) {
      signal.throwIfAborted()
      if (isFree(isSuspect)) return occupy(isSuspect)
      const { promise, resolve, reject } = Promise.withResolvers<() => void>()
      const one: Waiting = { isSuspect, enter: () => resolve(occupy(isSuspect)) }
      const leave = (): void => {
        waiting.delete(one)
        reject(signal.reason)
      }
      waiting.add(one)
      signal.addEventListener('abort', leave, { once: true })
      return promise.finally(() => signal.removeEventListener('abort', leave))
    },
  }
}
