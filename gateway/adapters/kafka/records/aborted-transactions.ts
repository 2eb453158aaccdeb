/** One transaction that its producer aborted. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

export interface AbortedTransactions {
  /** Counts the transactions that begin below this offset as open. */
  enter(nextOffset: number): void
  isAborted(producerId: bigint): boolean
  /** Ends the producer's transaction: its marker was read, and later records of the producer belong to another one. */
  end(producerId: bigint): void
}

/**
 * Finds the producers whose records are aborted while batches are read in the order of the log.
 *
 * Brokers list aborted transactions in the order of their ends. Reading goes by their beginnings, so the list is sorted first. Otherwise a
 * transaction that began early and ended late would hide behind one that began later.
 */
export function trackAborted(aborted: readonly AbortedTransaction[]): AbortedTransactions {
  const byStart = aborted.toSorted((left, right) => left.firstOffset - right.firstOffset)
  const active = new Set<bigint>()
  let entered = 0
  return {
    enter(nextOffset) {
      for (let next = byStart[entered]; next !== undefined && next.firstOffset < nextOffset; next = byStart[++entered])
        active.add(next.producerId)
    },
    isAborted: (producerId) => active.has(producerId),
    end: (producerId) => void active.delete(producerId),
  }
}
