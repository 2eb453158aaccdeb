import type { DeadLetterCopy } from './dead-letter-copy.ts'

/** Content of one transaction. */
export interface Due {
  readonly copies: readonly DeadLetterCopy[]
  /** The group's offset of the partition after it. */
  readonly offset: number
}

/**
 * Writes copies and the group's progress of one partition in one transaction, as the only process that does. An implementation must ensure:
 *
 * 1. Each call ends with a fence that was made after every earlier owner's. What an earlier owner has not committed is refused permanently.
 * 2. `choose` is called with the group's offset under that fence. It includes the result of an attempt with an unknown outcome.
 * 3. A transaction is committed only when the broker has acknowledged each of its copies.
 */
export interface DeadLetterTransactions {
  /**
   * @param choose returns what to write, given the group's offset (-1: none yet); null: nothing, and no transaction is made. May be called
   * again.
   * @param isSuspect the partition's last attempt failed: it must not take the place of others that may succeed
   * @returns the group's offset afterwards @throws kafkajs's error; the outcome may be unknown
   */
  run(partition: number, choose: (committed: number) => Due | null, isSuspect: boolean): Promise<number>
  /** Closes all connections. Calls in progress fail. */
  end(): Promise<void>
}
