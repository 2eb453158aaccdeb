import type { Logger } from '../../../../program/log/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import { describeKafkaError } from '../kafka-error.ts'
import { plainly, type DescribeTrouble } from './describe-trouble.ts'

/** State of copying dead letters, for the metric and the log. */
export interface DeadLetterHealth {
  /** The group has given this process its partitions, perhaps none. */
  joined(): void
  /** The run has ended, and is tried again. */
  broken(cause: unknown): void
  /** Trouble in reading or copying this partition; null: none. */
  trouble(what: 'read' | 'copy', partition: number, detail: string | null): void
  /** Another process has these partitions now. */
  forget(kept: readonly number[]): void
}

/** The dead letter topic is missing, and is not created here. */
export class MissingTopicError extends Error {
  override readonly name = 'MissingTopicError'
}

/**
 * On a cluster that starts, coordinators are loading for a while, and a new topic is not known to each broker. Trouble that passes within
 * this time is not logged.
 */
const quietMs = { passing: 15_000, missing: 1_000 }

export interface HealthParts {
  readonly topic: string
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'dlqHealthy'>
  readonly clock: { now(): number }
  /** @default the broker's text */
  readonly describe?: DescribeTrouble
}

export function createHealth({ topic, logger, metrics, clock, describe = plainly }: HealthParts): DeadLetterHealth {
  const troubles = { read: new Set<number>(), copy: new Set<number>() }
  let isJoined = false
  let brokenSinceMs: number | null = null
  let reported = ''

  const show = (): void => metrics.dlqHealthy.set(isJoined && troubles.read.size + troubles.copy.size === 0 ? 1 : 0)
  show()
  return {
    joined() {
      if (reported !== '') logger.info({ topic }, 'dead letter copying recovered')
      isJoined = true
      brokenSinceMs = null
      reported = ''
      show()
    },
    broken(cause) {
      const detail = describe(cause)
      isJoined = false
      for (const partitions of Object.values(troubles)) partitions.clear()
      brokenSinceMs ??= clock.now()
      show()
      if (detail === reported || clock.now() - brokenSinceMs < quietFor(cause)) return
      reported = detail
      logger.warn({ topic, detail }, 'dead letter copying failed; retrying')
    },
    trouble(what, partition, detail) {
      if (detail === null) troubles[what].delete(partition)
      else troubles[what].add(partition)
      show()
    },
    forget(kept) {
      for (const partitions of Object.values(troubles))
        for (const partition of partitions) if (!kept.includes(partition)) partitions.delete(partition)
      show()
    },
  }
}

/** Matches the errors of a broker that starts, and its silence. */
export const isPassing = (cause: unknown): boolean => ['connection', 'transient', 'stale-leader'].includes(describeKafkaError(cause).kind)

function quietFor(cause: unknown): number {
  if (cause instanceof MissingTopicError) return quietMs.missing
  return isPassing(cause) ? quietMs.passing : 0
}
