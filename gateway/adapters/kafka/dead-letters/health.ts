import type { Logger } from '../../../observability/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import { describeKafkaError } from '../kafka-error.ts'

/** Whether dead letters are being copied, for the metric and the log. */
export interface DeadLetterHealth {
  /** The group has given this process its partitions, maybe none. */
  joined(): void
  /** The run has ended, and is tried again. */
  broken(cause: unknown): void
  /** Why this partition is not copied just now; null when it is. */
  trouble(partition: number, detail: string | null): void
  /** These partitions are another process's business now. */
  forget(kept: readonly number[]): void
}

/** The dead letter topic is missing, and is not created here. */
export class MissingTopicError extends Error {
  override readonly name = 'MissingTopicError'
}

/** On a cluster that begins, the coordinator is loading for a while: no line for what passes within these attempts. */
const quietAttempts = 3

export interface HealthParts {
  readonly topic: string
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'dlqHealthy'>
}

export function createHealth({ topic, logger, metrics }: HealthParts): DeadLetterHealth {
  const troubles = new Set<number>()
  let isJoined = false
  let attempts = 0
  let told = ''

  const show = (): void => metrics.dlqHealthy.set(isJoined && troubles.size === 0 ? 1 : 0)
  show()
  return {
    joined() {
      if (told !== '') logger.info({ topic }, 'records that cannot be decoded are copied again')
      isJoined = true
      attempts = 0
      told = ''
      show()
    },
    broken(cause) {
      const { detail } = describeKafkaError(cause)
      isJoined = false
      troubles.clear()
      attempts += 1
      show()
      if (detail === told || (attempts < quietAttempts && isPassing(cause))) return
      told = detail
      logger.warn({ topic, detail }, 'records that cannot be decoded are not copied; trying again')
    },
    trouble(partition, detail) {
      if (detail === null) troubles.delete(partition)
      else troubles.add(partition)
      show()
    },
    forget(kept) {
      for (const partition of troubles) if (!kept.includes(partition)) troubles.delete(partition)
      show()
    },
  }
}

/** What a broker says, or does not say, while it starts. */
const isPassing = (cause: unknown): boolean => !(cause instanceof MissingTopicError) && ['connection', 'transient', 'stale-leader'].includes(describeKafkaError(cause).kind)
