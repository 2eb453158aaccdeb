import { describe, expect, it } from 'vitest'
import { createDescribeTrouble } from './describe-trouble.ts'

const describeTrouble = createDescribeTrouble({ dlqTopic: 't.dlq', groupId: 'c.t.dlq' })
const refusal = (type: string, cause?: Error): Error => Object.assign(new Error('Not authorized', { cause }), { type })

describe('the text about a dead letter worker in trouble', () => {
  it.each([
    ['TOPIC_AUTHORIZATION_FAILED', /WRITE on the topic t\.dlq/],
    ['GROUP_AUTHORIZATION_FAILED', /READ on the group c\.t\.dlq/],
    ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', /WRITE on the transactional ids that begin with c\.t\.dlq\./],
  ])('names the missing right (%s), also when kafkajs has wrapped the error', (type, grant) => {
    expect(describeTrouble(refusal(type))).toMatch(grant)
    expect(describeTrouble(new Error('retries exceeded', { cause: refusal(type) }))).toMatch(grant)
  })

  it("is the broker's text in other cases", () => {
    expect(describeTrouble(refusal('REQUEST_TIMED_OUT'))).toBe('Not authorized')
  })
})
