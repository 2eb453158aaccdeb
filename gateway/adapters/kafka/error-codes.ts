/**
 * Kinds of failures:
 * - connection: no broker answers, or not in time
 * - not-found: the topic is missing
 * - too-large: the broker will never take this
 * - unauthenticated, unauthorized, refused: the broker refused, and will refuse again
 * - stale-leader: read the metadata and ask again
 */
export type KafkaFailureKind =
  | 'connection'
  | 'not-found'
  | 'too-large'
  | 'unauthenticated'
  | 'unauthorized'
  | 'refused'
  | 'transient'
  | 'stale-leader'

interface ErrorCode {
  readonly name: string
  readonly kind: KafkaFailureKind
  /** The right to grant, where it is not a right on the topic. */
  readonly advice?: string
}

/** Error codes in the responses to Carillon's own requests: https://kafka.apache.org/protocol.html#protocol_error_codes */
export const errorCodes: Readonly<Record<number, ErrorCode | undefined>> = {
  [-1]: { name: 'UNKNOWN_SERVER_ERROR', kind: 'transient' },
  1: { name: 'OFFSET_OUT_OF_RANGE', kind: 'transient' },
  2: { name: 'CORRUPT_MESSAGE', kind: 'refused' },
  3: { name: 'UNKNOWN_TOPIC_OR_PARTITION', kind: 'stale-leader' },
  5: { name: 'LEADER_NOT_AVAILABLE', kind: 'stale-leader' },
  6: { name: 'NOT_LEADER_OR_FOLLOWER', kind: 'stale-leader' },
  7: { name: 'REQUEST_TIMED_OUT', kind: 'transient' },
  8: { name: 'BROKER_NOT_AVAILABLE', kind: 'transient' },
  9: { name: 'REPLICA_NOT_AVAILABLE', kind: 'stale-leader' },
  10: { name: 'MESSAGE_TOO_LARGE', kind: 'too-large' },
  13: { name: 'NETWORK_EXCEPTION', kind: 'transient' },
  14: { name: 'COORDINATOR_LOAD_IN_PROGRESS', kind: 'transient' },
  15: { name: 'COORDINATOR_NOT_AVAILABLE', kind: 'transient' },
  16: { name: 'NOT_COORDINATOR', kind: 'stale-leader' },
  17: { name: 'INVALID_TOPIC_EXCEPTION', kind: 'refused' },
  18: { name: 'RECORD_LIST_TOO_LARGE', kind: 'too-large' },
  19: { name: 'NOT_ENOUGH_REPLICAS', kind: 'transient' },
  20: { name: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', kind: 'transient' },
  21: { name: 'INVALID_REQUIRED_ACKS', kind: 'refused' },
  29: { name: 'TOPIC_AUTHORIZATION_FAILED', kind: 'unauthorized' },
  30: { name: 'GROUP_AUTHORIZATION_FAILED', kind: 'unauthorized', advice: 'grant this user READ on the group' },
  31: { name: 'CLUSTER_AUTHORIZATION_FAILED', kind: 'unauthorized' },
  32: { name: 'INVALID_TIMESTAMP', kind: 'refused' },
  33: { name: 'UNSUPPORTED_SASL_MECHANISM', kind: 'unauthenticated' },
  34: { name: 'ILLEGAL_SASL_STATE', kind: 'unauthenticated' },
  35: { name: 'UNSUPPORTED_VERSION', kind: 'refused' },
  42: { name: 'INVALID_REQUEST', kind: 'refused' },
  43: { name: 'UNSUPPORTED_FOR_MESSAGE_FORMAT', kind: 'refused' },
  44: { name: 'POLICY_VIOLATION', kind: 'refused' },
  56: { name: 'KAFKA_STORAGE_ERROR', kind: 'stale-leader' },
  58: { name: 'SASL_AUTHENTICATION_FAILED', kind: 'unauthenticated' },
  70: { name: 'FETCH_SESSION_ID_NOT_FOUND', kind: 'transient' },
  71: { name: 'INVALID_FETCH_SESSION_EPOCH', kind: 'transient' },
  72: { name: 'LISTENER_NOT_FOUND', kind: 'transient' },
  74: { name: 'FENCED_LEADER_EPOCH', kind: 'stale-leader' },
  75: { name: 'UNKNOWN_LEADER_EPOCH', kind: 'stale-leader' },
  76: { name: 'UNSUPPORTED_COMPRESSION_TYPE', kind: 'refused' },
  78: { name: 'OFFSET_NOT_AVAILABLE', kind: 'stale-leader' },
  87: { name: 'INVALID_RECORD', kind: 'refused' },
  88: { name: 'UNSTABLE_OFFSET_COMMIT', kind: 'transient' },
  89: { name: 'THROTTLING_QUOTA_EXCEEDED', kind: 'transient' },
  100: { name: 'UNKNOWN_TOPIC_ID', kind: 'stale-leader' },
  103: { name: 'INCONSISTENT_TOPIC_ID', kind: 'stale-leader' },
}
