import { errorCodes, type KafkaFailureKind } from './error-codes.ts'

/** A failure between this process and the brokers. */
export interface KafkaFailure {
  readonly kind: KafkaFailureKind
  /** Text of kafkajs or the broker, for people. Never a record's content, never a password. */
  readonly detail: string
  /** TLS failed: the peer has sent no byte yet that only Kafka sends. */
  readonly isOfTls?: true
}

/** A failure of one of Carillon's own requests, or of its connection. */
export class BrokerError extends Error {
  readonly kind: KafkaFailureKind
  /** host:port; '' when the error is not about one broker. */
  readonly broker: string

  constructor(kind: KafkaFailureKind, broker: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BrokerError'
    this.kind = kind
    this.broker = broker
  }
}

const adviceOf: Readonly<Partial<Record<KafkaFailureKind, string>>> = {
  unauthorized: 'grant this user READ and DESCRIBE on the topic, and WRITE to publish',
}

/**
 * Returns the error of one of the broker's codes.
 * @param what the request, as "describe the topic t" @param words the broker's message, or null
 */
export function errorOfCode(code: number, what: string, words: string | null = null): BrokerError {
  const { name, kind, advice } = errorCodes[code] ?? { name: 'an error that Carillon does not know', kind: 'transient' }
  const parts = [`${name} (${code})`, words, advice ?? adviceOf[kind] ?? null].filter((part) => part !== null && part !== '')
  return new BrokerError(kind, '', `Kafka did not ${what}: ${parts.join(': ')}`)
}

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

/** Codes of TLS about a broker's certificate: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const certificateCode = /^(?!ERR_SSL_).*(CERT|CRL|HOSTNAME_MISMATCH|UNABLE_TO_VERIFY_LEAF_SIGNATURE)/

/** Codes of a broker's alert about the client's certificate, or about its absence. */
const ownCertificateCode = /^ERR_SSL_.*ALERT.*(CERT|UNKNOWN_CA)/

/** Describes an error. kafkajs wraps the errors that it gives up on: the deepest known cause has the reason. */
export function describeKafkaError(thrown: unknown): KafkaFailure {
  let failure: KafkaFailure = { kind: 'transient', detail: thrown instanceof Error ? messageOf(thrown) : String(thrown) }
  for (let error = thrown, depth = 0; error instanceof Error && depth < 10; error = innerOf(error), depth++) {
    if (error instanceof BrokerError) return { kind: error.kind, detail: error.message }
    const isOfTls = ownCertificateCode.test(codeOf(error))
    const kind = isOfTls ? 'unauthenticated' : (kindOfType[typeOf(error)] ?? kindOfName[error.name])
    if (kind !== undefined) failure = { kind, detail: detailOf(error), ...(isOfTls ? { isOfTls } : {}) }
  }
  return failure
}

/** Returns the cause. An aggregate has one error per topic, and the first one counts. */
function innerOf(error: Error): unknown {
  return 'errors' in error && Array.isArray(error.errors) ? error.errors[0] : error.cause
}

function detailOf(error: Error): string {
  const [broker, code, words] = ['broker' in error ? `the broker ${String(error.broker)}` : 'the broker', codeOf(error), messageOf(error)]
  if (ownCertificateCode.test(code)) return `${broker} does not accept this client without a certificate that it trusts: ${words} (${code})`
  if (certificateCode.test(code)) return `the certificate of ${broker} is not accepted: ${words} (${code})`
  if (/current SASL state/.test(words)) return `${words} (does this listener take SASL? Name its port that does, or leave SASL out)`
  return /^closed connection$/i.test(words) ? `${words} (was it stopped, or does this listener want TLS or SASL?)` : words
}

/** An error of OpenSSL: thread, code, library, function, then the reason, the place in its source, and more, with line breaks. */
const opensslError = /(?:[0-9A-F]+:)?error:[0-9A-F]+:[^:]*:[^:]*:([^:]*)(?::[^]*)?$/

/**
 * Returns an error's message on one line. The message of a bug of the client (of kafkajs: an unexpected response) is replaced, since it
 * does not help.
 */
export function messageOf(error: Error): string {
  if (error instanceof TypeError || error instanceof ReferenceError) return `the Kafka client failed inside (${error.name}); retrying`
  return error.message
    .replace(opensslError, '$1')
    .replace(/\s*[\r\n]+\s*/g, ' ')
    .trim()
}

/** Returns the code of TLS and the system, as kafkajs's connection errors have it. kafkajs's protocol errors have numbers. */
const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '')

const typeOf = (error: Error): string => ('type' in error && typeof error.type === 'string' ? error.type : '')

/** Returns whether the broker refused, and will refuse again until the configuration changes. */
export function isRefusal(failure: Pick<KafkaFailure, 'kind'>): boolean {
  return failure.kind === 'unauthenticated' || failure.kind === 'unauthorized' || failure.kind === 'refused'
}
