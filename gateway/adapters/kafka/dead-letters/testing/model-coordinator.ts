import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DeadLetterCopy } from '../dead-letter-copy.ts'
import type { DeadLetterTransactions, Due } from '../transactions.ts'

/** The brokers' state of one partition: the fence, the group's offset, and the dead letters that readers of committed records see. */
export interface ModelCoordinator {
  readonly committed: () => number
  readonly letters: readonly DeadLetterCopy[]
  /** The transactions of one process. Others may fence it, and its requests may be slow, lost or late. */
  connect(faults: ModelFaults): DeadLetterTransactions
  /** Lets requests arrive whose sender gave up on them. */
  settle(): Promise<void>
}

export interface ModelFaults {
  /** Turns of the event loop that the next request takes. */
  readonly delay: () => number
  readonly next: () => CommitFault
}

export type CommitFault =
  | 'none'
  /** The request is lost. */
  | 'lost'
  /** The request is carried out, and its response is lost. */
  | 'unanswered'
  /** The request arrives after the sender has given up, unless another process has fenced the sender by then. */
  | 'late'

export function createModelCoordinator(): ModelCoordinator {
  let committed = -1
  let epoch = 0
  const letters: DeadLetterCopy[] = []
  const late: Promise<void>[] = []

  const wait = async (turns: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) await nextTurn()
  }
  const apply = (by: number, due: Due): boolean => {
    if (by !== epoch) return false
    letters.push(...due.copies)
    committed = due.offset
    return true
  }

  return {
    committed: () => committed,
    letters,
    connect(faults) {
      let held: { readonly epoch: number; committed: number } | null = null
      const fence = async (): Promise<{ readonly epoch: number; committed: number }> => {
        await wait(faults.delay())
        epoch += 1
        const mine = epoch
        await wait(faults.delay())
        return { epoch: mine, committed }
      }
      const commit = async (by: number, due: Due): Promise<void> => {
        await wait(faults.delay())
        const fault = faults.next()
        if (fault === 'lost') throw new Error('timed out')
        if (fault === 'late') {
          late.push(wait(faults.delay() * 4).then(() => void apply(by, due)))
          throw new Error('timed out')
        }
        if (!apply(by, due)) throw new Error('this producer was fenced')
        if (fault === 'unanswered') throw new Error('timed out')
      }
      return {
        async run(_partition, choose) {
          const mine = held ?? (await fence())
          held = null
          const due = choose(mine.committed)
          if (due !== null) {
            await commit(mine.epoch, due)
            mine.committed = due.offset
          }
          held = mine
          return mine.committed
        },
        end: async () => undefined,
      }
    },
    settle: async () => void (await Promise.all(late)),
  }
}
