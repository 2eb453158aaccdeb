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
