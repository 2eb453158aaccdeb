/** What went wrong between this process and the brokers. */
export interface KafkaFailure {
  readonly kind: KafkaFailureKind
  /** For people: what kafkajs or the broker said. Never a record's content, never a password. */
  readonly detail: string
}

/**
 * connection: nobody answers, or not in time; not-found: the topic is missing; too-large: the broker will never take this;
 * unauthenticated, unauthorized, refused: the broker said no, and will say it again.
 */
export type KafkaFailureKind = 'connection' | 'not-found' | 'too-large' | 'unauthenticated' | 'unauthorized' | 'refused' | 'transient'

const kindOfType: Readonly<Record<string, KafkaFailureKind | undefined>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'not-found',
  INVALID_TOPIC_EXCEPTION: 'refused',
  MESSAGE_TOO_LARGE: 'too-large',
  RECORD_LIST_TOO_LARGE: 'too-large',
  TOPIC_AUTHORIZATION_FAILED: 'unauthorized',
  GROUP_AUTHORIZATION_FAILED: 'unauthorized',
  CLUSTER_AUTHORIZATION_FAILED: 'unauthorized',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'unauthorized',
  SASL_AUTHENTICATION_FAILED: 'unauthenticated',
  UNSUPPORTED_SASL_MECHANISM: 'unauthenticated',
  INVALID_RECORD: 'refused',
  INVALID_TIMESTAMP: 'refused',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'refused',
  POLICY_VIOLATION: 'refused',
}

const kindOfName: Readonly<Record<string, KafkaFailureKind | undefined>> = {
  KafkaJSSASLAuthenticationError: 'unauthenticated',
  KafkaJSConnectionError: 'connection',
  KafkaJSConnectionClosedError: 'connection',
  KafkaJSRequestTimeoutError: 'connection',
  KafkaJSBrokerNotFound: 'connection',
  KafkaJSLockTimeout: 'connection',
}

/** kafkajs wraps what it gives up on: the cause that is deepest and known says what happened. */
export function describeKafkaError(thrown: unknown): KafkaFailure {
  let failure: KafkaFailure = { kind: 'transient', detail: thrown instanceof Error ? thrown.message : String(thrown) }
  for (let error = thrown, depth = 0; error instanceof Error && depth < 10; error = innerOf(error), depth++) {
    const kind = kindOfType[typeOf(error)] ?? kindOfName[error.name]
    if (kind !== undefined) failure = { kind, detail: error.message }
  }
  return failure
}

/** An aggregate (one error per topic) speaks by its first error. */
function innerOf(error: Error): unknown {
  return 'errors' in error && Array.isArray(error.errors) ? error.errors[0] : error.cause
}

const typeOf = (error: Error): string => ('type' in error && typeof error.type === 'string' ? error.type : '')

/** Whether the broker said no, and will say so again until somebody changes something. */
export function isRefusal(failure: KafkaFailure): boolean {
  return failure.kind === 'unauthenticated' || failure.kind === 'unauthorized' || failure.kind === 'refused'
}
