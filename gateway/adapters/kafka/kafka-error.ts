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
  ILLEGAL_SASL_STATE: 'unauthenticated',
  INVALID_RECORD: 'refused',
  INVALID_TIMESTAMP: 'refused',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'refused',
  POLICY_VIOLATION: 'refused',
  UNSUPPORTED_VERSION: 'refused',
}

const kindOfName: Readonly<Record<string, KafkaFailureKind | undefined>> = {
  KafkaJSSASLAuthenticationError: 'unauthenticated',
  KafkaJSConnectionError: 'connection',
  KafkaJSConnectionClosedError: 'connection',
  KafkaJSRequestTimeoutError: 'connection',
  KafkaJSBrokerNotFound: 'connection',
  KafkaJSLockTimeout: 'connection',
}

/** What TLS says of a broker's certificate: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const certificateCode = /^(?!ERR_SSL_).*(CERT|CRL|HOSTNAME_MISMATCH|UNABLE_TO_VERIFY_LEAF_SIGNATURE)/

/** What a broker says of the certificate that it was shown, or was not shown. */
const ownCertificateCode = /^ERR_SSL_.*ALERT.*(CERT|UNKNOWN_CA)/

/** kafkajs wraps what it gives up on: the cause that is deepest and known says what happened. */
export function describeKafkaError(thrown: unknown): KafkaFailure {
  let failure: KafkaFailure = { kind: 'transient', detail: thrown instanceof Error ? thrown.message : String(thrown) }
  for (let error = thrown, depth = 0; error instanceof Error && depth < 10; error = innerOf(error), depth++) {
    const kind = ownCertificateCode.test(codeOf(error)) ? 'unauthenticated' : (kindOfType[typeOf(error)] ?? kindOfName[error.name])
    if (kind !== undefined) failure = { kind, detail: detailOf(error) }
  }
  return failure
}

/** An aggregate (one error per topic) speaks by its first error. */
function innerOf(error: Error): unknown {
  return 'errors' in error && Array.isArray(error.errors) ? error.errors[0] : error.cause
}

function detailOf(error: Error): string {
  const [broker, code] = ['broker' in error ? `the broker ${String(error.broker)}` : 'the broker', codeOf(error)]
  if (ownCertificateCode.test(code)) return `${broker} does not accept this client without a certificate that it trusts: ${error.message} (${code})`
  return certificateCode.test(code) ? `the certificate of ${broker} is not accepted: ${error.message} (${code})` : error.message
}

/** Of TLS and the system, as kafkajs's connection errors hand it on; its protocol errors have numbers. */
const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '')

const typeOf = (error: Error): string => ('type' in error && typeof error.type === 'string' ? error.type : '')

/** Whether the broker said no, and will say so again until somebody changes something. */
export function isRefusal(failure: KafkaFailure): boolean {
  return failure.kind === 'unauthenticated' || failure.kind === 'unauthorized' || failure.kind === 'refused'
}
