import type { DeadLetterCopy } from './dead-letter-copy.ts'

/** What one transaction writes. */
export interface Due {
  readonly copies: readonly DeadLetterCopy[]
  /** The group's offset of the partition after it. */
  readonly offset: number
}

/**
 * Writes copies and the group's progress of one partition in one transaction, as the only process that does. The implementer owes:
 *
 * 1. Each call ends with a fence that was made after every earlier owner's: what an earlier owner has not committed is refused for ever.
 * 2. `choose` is told the group's offset as it is under that fence. So is what an attempt with an unknown outcome has done.
 * 3. A transaction is committed only when the broker has acknowledged each of its copies.
 */
export interface DeadLetterTransactions {
  /**
   * @param choose what is to be written, given the group's offset (-1: none yet); null: nothing, and no transaction is made. May be called again.
   * @param isSuspect the partition's last attempt failed: it must not take the place of others that may succeed
   * @returns the group's offset afterwards @throws kafkajs's error; the outcome may be unknown
   */
  run(partition: number, choose: (committed: number) => Due | null, isSuspect: boolean): Promise<number>
  /** Closes all connections. Calls under way fail. */
  end(): Promise<void>
}
