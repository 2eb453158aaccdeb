import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { BrokerError, describeKafkaError, errorOfCode, isRefusal } from './kafka-error.ts'

const { KafkaJSConnectionError } = kafkajs
const ofType = (type: string): Error => Object.assign(new Error(`said ${type}`), { type })

describe('describeKafkaError', () => {
  it('takes its text from the deepest cause that it knows', () => {
    const cause = ofType('TOPIC_AUTHORIZATION_FAILED')
    const wrapped = new Error('outer', { cause: new Error('middle', { cause: Object.assign(cause, { cause: new Error('unknown') }) }) })
    expect(describeKafkaError(wrapped)).toEqual({ kind: 'unauthorized', detail: 'said TOPIC_AUTHORIZATION_FAILED' })
  })

  it('looks through what kafkajs wraps around its failures', () => {
    const connection = new KafkaJSConnectionError('Connection error: connect ECONNREFUSED')
    expect(
      describeKafkaError(Object.assign(new Error('gave up', { cause: connection }), { name: 'KafkaJSNumberOfRetriesExceeded' })).kind,
    ).toBe('connection')
    expect(
      describeKafkaError(Object.assign(new Error('gave up', { cause: connection }), { name: 'KafkaJSNonRetriableError' })).detail,
    ).toContain('ECONNREFUSED')
  })

  it('names the certificate that is not accepted, and the reason', () => {
    const refused = new KafkaJSConnectionError('Connection error: self-signed certificate', {
      broker: 'b:9093',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
    expect(describeKafkaError(refused)).toEqual({
      kind: 'connection',
      detail:
        'the certificate of the broker b:9093 is not accepted: Connection error: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)',
    })
  })

  it("takes a broker that does not accept the client's certificate for one that refuses the client", () => {
    const refused = new KafkaJSConnectionError('Connection error: alert 116', {
      broker: 'b:9093',
      code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    })
    expect(describeKafkaError(refused)).toMatchObject({
      kind: 'unauthenticated',
      detail: expect.stringContaining('the broker b:9093 does not accept this client'),
    })
  })

  it("repeats OpenSSL's reason, without its source and its line breaks", () => {
    const words =
      '40178E73:error:0A000416:SSL routines:ssl3_read_bytes:ssl/tls alert certificate unknown:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1605:SSL alert number 46\n'
    const refused = new KafkaJSConnectionError(`Connection error: ${words}`, {
      broker: 'b:9093',
      code: 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN',
    })
    expect(describeKafkaError(refused).detail).toBe(
      'the broker b:9093 does not accept this client without a certificate that it trusts: Connection error: ssl/tls alert certificate unknown (ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN)',
    )
    expect(describeKafkaError(new Error('error:05800074:x509 certificate routines::key values mismatch')).detail).toBe(
      'key values mismatch',
    )
    expect(describeKafkaError(new Error('two\n  lines')).detail).toBe('two lines')
  })

  it('hides the text of a bug of the client', () => {
    expect(describeKafkaError(new TypeError("Cannot read properties of null (reading '3')"))).toEqual({
      kind: 'transient',
      detail: 'the Kafka client failed inside (TypeError); retrying',
    })
  })

  it('asks whether TLS or SASL is missing when the broker closes the connection', () => {
    expect(describeKafkaError(Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' })).detail).toContain(
      'does this listener want TLS or SASL?',
    )
  })

  it('returns a broker error unchanged, also as a cause', () => {
    const error = new BrokerError('stale-leader', 'b:1', 'moved')
    for (const thrown of [error, new Error('outer', { cause: error })])
      expect(describeKafkaError(thrown)).toEqual({ kind: 'stale-leader', detail: 'moved' })
  })

  it('takes the first error of an aggregate', () => {
    expect(describeKafkaError(Object.assign(new Error('all'), { errors: [ofType('POLICY_VIOLATION')] })).kind).toBe('refused')
  })

  it('takes an unknown error for a transient one', () => {
    expect(describeKafkaError('a string')).toEqual({ kind: 'transient', detail: 'a string' })
    expect(describeKafkaError(new Error('x'))).toEqual({ kind: 'transient', detail: 'x' })
    expect(describeKafkaError(ofType('NOT_ENOUGH_REPLICAS')).kind).toBe('transient')
  })

  it('ends with causes that form a circle', () => {
    const circle = new Error('circle')
    circle.cause = circle
    expect(describeKafkaError(circle).kind).toBe('transient')
  })
})

describe('isRefusal', () => {
  it.each([
    ['MESSAGE_TOO_LARGE', false],
    ['UNKNOWN_TOPIC_OR_PARTITION', false],
    ['GROUP_AUTHORIZATION_FAILED', true],
    ['SASL_AUTHENTICATION_FAILED', true],
    ['INVALID_RECORD', true],
    ['LEADER_NOT_AVAILABLE', false],
  ])('%s: %s', (type, expected) => {
    expect(isRefusal(describeKafkaError(ofType(type)))).toBe(expected)
  })
})

describe('errorOfCode', () => {
  it.each([
    [6, 'stale-leader', 'NOT_LEADER_OR_FOLLOWER (6)'],
    [75, 'stale-leader', 'UNKNOWN_LEADER_EPOCH (75)'],
    [29, 'unauthorized', 'TOPIC_AUTHORIZATION_FAILED (29): grant this user READ and DESCRIBE'],
    [10, 'too-large', 'MESSAGE_TOO_LARGE (10)'],
    [777, 'transient', 'an error that Carillon does not know (777)'],
  ])('names the code %i, and its kind', (code, kind, words) => {
    expect(errorOfCode(code, 'fetch the topic t')).toMatchObject({
      name: 'BrokerError',
      kind,
      broker: '',
      message: expect.stringContaining(`Kafka did not fetch the topic t: ${words}`),
    })
  })

  it("repeats the broker's message", () => {
    expect(errorOfCode(87, 'append to t', 'too young').message).toBe('Kafka did not append to t: INVALID_RECORD (87): too young')
  })
})
