import type { Logger } from '../../../../program/log/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import { plainly, type DescribeTrouble } from './describe-trouble.ts'
import type { BackOffWait } from '../../../../program/back-off.ts'
import { bytesOf, copyForms, copyOf, firstOffsetOf, lastOffsetOf, type DeadLetter, type DeadLetterCopy } from './dead-letter-copy.ts'
import { isPassing } from './health.ts'
import { verdictOf, type AttemptVerdict } from './refusal.ts'
import type { DeadLetterTransactions, Due } from './transactions.ts'

/** Writes the dead letters of one partition, each once, until they are written or given up. */
export interface LetterCopier {
  /**
   * Resolves when all are written or skipped. Never gives up because brokers are away.
   * @throws the signal's reason, LostPartitionError
   */
  copy(letters: readonly DeadLetter[], interrupted: AbortSignal): Promise<void>
  /**
   * Moves the group's offset up to this one, with one attempt.
   * @throws kafkajs's error
   */
  progress(offset: number): Promise<void>
  /**
   * Moves the group's offset back to this one. Resolves when it is there.
   * @throws the signal's reason
   */
  rewind(offset: number, interrupted: AbortSignal): Promise<void>
  /** Ends the present wait. */
  wake(): void
}

export interface LetterCopierParts {
  readonly partition: number
  readonly topic: string
  readonly transactions: DeadLetterTransactions
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'dlqRecords' | 'dlqSkipped'>
  /** Reports why nothing can be written now; null when something was written. */
  readonly trouble: (detail: string | null) => void
  /** Wait between attempts. */
  readonly backOff: BackOffWait
  /** @default the broker's text */
  readonly describe?: DescribeTrouble
}

/** Another worker has passed the records of this one: the partition is no longer this worker's. */
export class LostPartitionError extends Error {
  override readonly name = 'LostPartitionError'
}

export const maxRecordsPerTransaction = 200
/** Limit on a transaction, below a broker's default `message.max.bytes` (1,048,588). */
export const maxBytesPerTransaction = 900_000
/** Refusals of one record before it is skipped: each form once, the smallest again. */
export const maxRefusals = 5

/** The first failure may be a leader that moves, or a coordinator that is loading: it is not logged. */
const warnedFailures = 2

interface Sealed {
  readonly letter: DeadLetter
  readonly copy: DeadLetterCopy
}

export function createLetterCopier(parts: LetterCopierParts): LetterCopier {
  const { partition, topic, transactions, metrics, backOff } = parts
  const { failed, succeeded, skip, isSuspect } = createCopyLog(parts)

  async function write(chunk: readonly Sealed[]): Promise<void> {
    let due: readonly Sealed[] = []
    const choose = (committed: number): Due | null => {
      due = chunk.filter(({ letter }) => isDue(letter, committed))
      const last = due.at(-1)
      return last === undefined ? null : { copies: due.map(({ copy }) => copy), offset: lastOffsetOf(last.letter) + 1 }
    }
    await transactions.run(partition, choose, isSuspect())
    succeeded()
    metrics.dlqRecords.add(due.filter(({ letter }) => letter.kind === 'record').length)
  }

  async function attempt(chunk: readonly Sealed[], interrupted: AbortSignal): Promise<'written' | AttemptVerdict> {
    try {
      await write(chunk)
      return 'written'
    } catch (cause) {
      if (cause instanceof LostPartitionError) throw cause
      const verdict = verdictOf(cause)
      if (verdict !== 'unavailable') return verdict
      failed(cause)
      await backOff.wait(interrupted)
      return verdict
    }
  }

  /** Tries a letter that the broker has refused once in smaller and smaller forms. */
  async function writeAlone([refused]: readonly Sealed[], interrupted: AbortSignal): Promise<void> {
    if (refused === undefined) return
    const { letter } = refused
    for (let refusals = 1; ;) {
      interrupted.throwIfAborted()
      try {
        await write([seal(letter, topic, refusals)])
        return
      } catch (cause) {
        if (cause instanceof LostPartitionError) throw cause
        const isRefusal = verdictOf(cause) !== 'unavailable'
        if (isRefusal) refusals += 1
        else failed(cause)
        if (refusals >= maxRefusals) return skip(letter, cause)
        if (!isRefusal || refusals >= copyForms.length) await backOff.wait(interrupted)
      }
    }
  }

  return {
    async copy(letters, interrupted) {
      let left = letters
      let maxRecords = maxRecordsPerTransaction
      while (left.length > 0) {
        interrupted.throwIfAborted()
        const chunk = sealChunk(left, topic, maxRecords)
        const outcome = await attempt(chunk, interrupted)
        if (outcome === 'unavailable') continue
        if (outcome === 'written') maxRecords = Math.min(maxRecordsPerTransaction, maxRecords * 2)
        else if (chunk.length === 1) await writeAlone(chunk, interrupted)
        else maxRecords = Math.ceil(chunk.length / 2)
        if (outcome === 'written' || chunk.length === 1) left = left.slice(chunk.length)
      }
    },
    async progress(offset) {
      try {
        await transactions.run(partition, (committed) => (committed < offset ? { copies: [], offset } : null), isSuspect())
      } catch (cause) {
        failed(cause)
        throw cause
      }
      succeeded()
    },
    async rewind(offset, interrupted) {
      for (;;) {
        interrupted.throwIfAborted()
        try {
          await transactions.run(partition, (committed) => (committed === offset ? null : { copies: [], offset }), isSuspect())
          return succeeded()
        } catch (cause) {
          failed(cause)
          await backOff.wait(interrupted)
        }
      }
    },
    wake: () => backOff.wake(),
  }
}

interface CopyLog {
  failed(cause: unknown): void
  succeeded(): void
  skip(letter: DeadLetter, cause: unknown): void
  /** True after a failed attempt. */
  isSuspect(): boolean
}

/** Reports failures and skipped dead letters. */
function createCopyLog({ topic, partition, logger, metrics, trouble, backOff, describe = plainly }: LetterCopierParts): CopyLog {
  let reported = ''
  let failures = 0
  return {
    isSuspect: () => failures > 0,
    succeeded() {
      backOff.reset()
      failures = 0
      reported = ''
      trouble(null)
    },
    failed(cause) {
      const detail = describe(cause)
      failures += 1
      trouble(detail)
      if (detail === reported || (failures < warnedFailures && isPassing(cause))) return
      reported = detail
      logger.warn({ topic, partition, detail }, 'dead letter copying failed; retrying')
    },
    skip(letter, cause) {
      const reason = verdictOf(cause) === 'too-large' ? 'too-large' : 'refused'
      logger.error({ topic, partition, offset: firstOffsetOf(letter), reason, detail: describe(cause) }, 'dead letter skipped')
      metrics.dlqSkipped.add(1, { reason })
    },
  }
}

/** @throws LostPartitionError when another worker has written a part of the range */
function isDue(letter: DeadLetter, committed: number): boolean {
  if (committed > lastOffsetOf(letter)) return false
  if (committed > firstOffsetOf(letter)) throw new LostPartitionError('another worker has copied a part of these records')
  return true
}

const seal = (letter: DeadLetter, topic: string, attempt = 0): Sealed => ({
  letter,
  copy: copyOf(letter, copyForms[Math.min(attempt, copyForms.length - 1)] ?? 'place-only', topic),
})

/** Takes the first letters, at least one, within both bounds. */
function sealChunk(letters: readonly DeadLetter[], topic: string, maxRecords: number): readonly Sealed[] {
  const chunk: Sealed[] = []
  let bytes = 0
  for (const letter of letters.slice(0, maxRecords)) {
    const sealed = seal(letter, topic)
    bytes += bytesOf(sealed.copy)
    if (chunk.length > 0 && bytes > maxBytesPerTransaction) break
    chunk.push(sealed)
  }
  return chunk
}
