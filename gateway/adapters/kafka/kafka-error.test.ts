import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { describeKafkaError, isRefusal } from './kafka-error.ts'

const { KafkaJSConnectionError } = kafkajs
const ofType = (type: string): Error => Object.assign(new Error(`said ${type}`), { type })

describe('describeKafkaError', () => {
  it('speaks by the deepest cause that it knows', () => {
    const cause = ofType('TOPIC_AUTHORIZATION_FAILED')
    const wrapped = new Error('outer', { cause: new Error('middle', { cause: Object.assign(cause, { cause: new Error('unknown') }) }) })
    expect(describeKafkaError(wrapped)).toEqual({ kind: 'unauthorized', detail: 'said TOPIC_AUTHORIZATION_FAILED' })
  })

  it('looks through what kafkajs wraps around its failures', () => {
    const connection = new KafkaJSConnectionError('Connection error: connect ECONNREFUSED')
    expect(describeKafkaError(Object.assign(new Error('gave up', { cause: connection }), { name: 'KafkaJSNumberOfRetriesExceeded' })).kind).toBe('connection')
    expect(describeKafkaError(Object.assign(new Error('gave up', { cause: connection }), { name: 'KafkaJSNonRetriableError' })).detail).toContain('ECONNREFUSED')
  })

  it('says whose certificate is not accepted, and why', () => {
    const refused = new KafkaJSConnectionError('Connection error: self-signed certificate', { broker: 'b:9093', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(describeKafkaError(refused)).toEqual({ kind: 'connection', detail: 'the certificate of the broker b:9093 is not accepted: Connection error: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)' })
  })

  it('takes a broker that does not accept the client\'s certificate for one that refuses the client', () => {
    const refused = new KafkaJSConnectionError('Connection error: alert 116', { broker: 'b:9093', code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' })
    expect(describeKafkaError(refused)).toMatchObject({ kind: 'unauthenticated', detail: expect.stringContaining('the broker b:9093 does not accept this client') })
  })

  it('takes the first error of an aggregate', () => {
    expect(describeKafkaError(Object.assign(new Error('all'), { errors: [ofType('POLICY_VIOLATION')] })).kind).toBe('refused')
  })

  it('takes what it does not know for something that passes', () => {
    expect(describeKafkaError('a string')).toEqual({ kind: 'transient', detail: 'a string' })
    expect(describeKafkaError(new Error('x'))).toEqual({ kind: 'transient', detail: 'x' })
    expect(describeKafkaError(ofType('NOT_ENOUGH_REPLICAS')).kind).toBe('transient')
  })

  it('ends with causes that go in circles', () => {
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
