import type { KafkaFailureKind } from '../../../gateway/adapters/kafka/error-codes.ts'
import { describeKafkaError } from '../../../gateway/adapters/kafka/kafka-error.ts'
import type { TopicFailure } from '../../reconcile/topic/topic-admin.ts'
import type { TopicOutcome } from './topic-requests.ts'

interface ErrorCode {
  readonly name: string
  readonly kind: TopicFailure['kind']
  /** Remedy, for errors whose message has none. */
  readonly advice?: string
}

/** Error codes of requests about topics: https://kafka.apache.org/protocol.html#protocol_error_codes */
const errorCodes: Readonly<Record<number, ErrorCode | undefined>> = {
  3: { name: 'UNKNOWN_TOPIC_OR_PARTITION', kind: 'not-found' },
  7: { name: 'REQUEST_TIMED_OUT', kind: 'transient' },
  17: { name: 'INVALID_TOPIC_EXCEPTION', kind: 'refused', advice: 'a topic has at most 249 letters, digits, dots, underscores and dashes' },
  29: {
    name: 'TOPIC_AUTHORIZATION_FAILED',
    kind: 'unauthorized',
    advice:
      "grant the operator's user CREATE, DESCRIBE, DESCRIBE_CONFIGS, ALTER, ALTER_CONFIGS and (for deletionPolicy: Delete) DELETE on the topic",
  },
  31: {
    name: 'CLUSTER_AUTHORIZATION_FAILED',
    kind: 'unauthorized',
    advice: "grant the operator's user CREATE on the cluster or on the topic",
  },
  35: { name: 'UNSUPPORTED_VERSION', kind: 'refused' },
  36: { name: 'TOPIC_ALREADY_EXISTS', kind: 'already-exists' },
  37: { name: 'INVALID_PARTITIONS', kind: 'refused' },
  38: { name: 'INVALID_REPLICATION_FACTOR', kind: 'refused', advice: 'ask for at most as many replicas as there are brokers' },
  39: { name: 'INVALID_REPLICA_ASSIGNMENT', kind: 'refused' },
  40: { name: 'INVALID_CONFIG', kind: 'refused' },
  41: { name: 'NOT_CONTROLLER', kind: 'transient' },
  42: { name: 'INVALID_REQUEST', kind: 'refused' },
  44: { name: 'POLICY_VIOLATION', kind: 'refused' },
  60: { name: 'REASSIGNMENT_IN_PROGRESS', kind: 'transient' },
  73: { name: 'TOPIC_DELETION_DISABLED', kind: 'refused', advice: 'the brokers have delete.topic.enable=false' },
  89: { name: 'THROTTLING_QUOTA_EXCEEDED', kind: 'transient' },
}

export const noError = 0
export const unknownTopic = 3
export const leaderNotAvailable = 5
export const notController = 41

/** Maximum length of a broker's message, in characters. It appears in conditions and in the log. */
const maxWords = 1_000

/** Describes the error of one topic in a list. @param doing the request, such as "create the topic x" */
export function failureOf({ errorCode, message }: Pick<TopicOutcome, 'errorCode' | 'message'>, doing: string): TopicFailure {
  const { name, kind, advice = '' } = errorCodes[errorCode] ?? { name: `error code ${errorCode}`, kind: 'transient' }
  const words = [name, message?.slice(0, maxWords) ?? null, advice].filter((part) => part !== null && part !== '').join(': ')
  return { kind, detail: `Kafka did not ${doing}: ${words}` }
}

const kindOf: Readonly<Record<KafkaFailureKind, TopicFailure['kind']>> = {
  connection: 'unreachable',
  'not-found': 'not-found',
  'too-large': 'refused',
  unauthenticated: 'unauthenticated',
  unauthorized: 'unauthorized',
  refused: 'refused',
  transient: 'transient',
  'stale-leader': 'transient',
}

/** Describes the failure of a whole request, or of the connection. @param brokers addresses of the request */
export function failureOfThrown(thrown: unknown, brokers: readonly string[]): TopicFailure {
  if (thrown instanceof UnusableCredentialsError) return { kind: 'unauthenticated', detail: thrown.message }
  const { kind, detail, isOfTls = false } = describeKafkaError(thrown)
  // A response that is not Kafka's is reported by the client as transient.
  const isOfConnection = kind === 'connection' || kind === 'transient' || isOfTls
  return {
    kind: kindOf[kind],
    detail: `${describeBrokers(brokers)}: ${detail.slice(0, maxWords)}`,
    ...(isOfConnection ? { of: 'connection' } : {}),
  }
}

/** The given credentials cannot be used, so no broker was contacted. */
export class UnusableCredentialsError extends Error {}

export function unanswered(brokers: readonly string[], timeoutMs: number): TopicFailure {
  return { kind: 'unreachable', detail: `${describeBrokers(brokers)}: no response within ${timeoutMs / 1_000} s`, of: 'connection' }
}

/** The failure of an attempt that continues. The cluster may be slow or far away, so it is contacted again soon. */
export function stillTrying(brokers: readonly string[], timeoutMs: number): TopicFailure {
  return {
    kind: 'transient',
    detail: `${describeBrokers(brokers)}: no response within ${timeoutMs / 1_000} s; still trying`,
    of: 'connection',
  }
}

/**
 * The failure that a channel sees for brokers that it named itself. It is the same for an unused address, a closed port, another service,
 * and silence. The operator runs in another place of the network than the channel's owner, who must not scan it through the operator.
 */
export function withheld(brokers: readonly string[]): TopicFailure {
  return {
    kind: 'unreachable',
    detail: `${describeBrokers(brokers)}: no connection (the reason is only in the operator's log, because the channel names these brokers)`,
    of: 'connection',
  }
}

/** Names at most three brokers: a list of 32 would hide the error. */
export function describeBrokers(brokers: readonly string[]): string {
  const more = brokers.length > 3 ? ` and ${brokers.length - 3} more` : ''
  return `Kafka at ${brokers.slice(0, 3).join(', ')}${more}`
}
