import { describeKafkaError } from '../kafka-error.ts'

/** Meaning of a failed attempt for its records. */
export type AttemptVerdict =
  /** They are too large, together or each. */
  | 'too-large'
  /** The broker refuses one of them, now and later. */
  | 'refused'
  /** None: brokers, permissions or the topic are in trouble. Wait. */
  | 'unavailable'

const typesOfRecord: ReadonlySet<string> = new Set(['INVALID_RECORD', 'INVALID_TIMESTAMP', 'POLICY_VIOLATION', 'CORRUPT_MESSAGE'])
const maxDepth = 10

/**
 * Decides whether an attempt failed because of its records. Permissions and missing topics are not their fault. Neither is a
 * TypeError: kafkajs throws them when a connection breaks at the wrong time, and a copy is made of buffers and strings only.
 */
export function verdictOf(cause: unknown): AttemptVerdict {
  if (describeKafkaError(cause).kind === 'too-large') return 'too-large'
  for (let error: unknown = cause, depth = 0; error instanceof Error && depth < maxDepth; error = error.cause, depth++) {
    if ('type' in error && typesOfRecord.has(String(error.type))) return 'refused'
  }
  return 'unavailable'
}
