import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closedTopicRules } from '../../testing/channel-builders.ts'
import { whyNameIsNotAllowed } from './name-rules.ts'

const channel = { namespace: 'shop', name: 'orders' }
const why = (topic: string, topics: readonly string[] = closedTopicRules.topics): string | null =>
  whyNameIsNotAllowed({ topics }, channel, topic)

describe('the name of a topic', () => {
  it('must begin with the namespace unless an administrator allows more', () => {
    expect([why('shop.orders'), why('shop.orders.dlq')]).toEqual([null, null])
    expect(why('payments.ledger')).toContain('topics that match NAMESPACE.*')
  })

  it('is allowed when one of several patterns matches it', () => {
    expect(why('payments.ledger', ['NAMESPACE.*', 'payments.ledger'])).toBeNull()
    expect(why('payments.other', ['NAMESPACE.*', 'payments.ledger'])).toContain('NAMESPACE.* or payments.ledger')
  })

  it('is never allowed where there are no patterns', () => {
    expect(why('shop.orders', [])).toContain('no topics')
  })

  it.each(['__consumer_offsets', '__transaction_state', '__cluster_metadata', '__'])(
    'is never an internal one of Kafka, with any patterns: %s',
    (topic) => {
      expect(why(topic, ['*', '_*', '__*', topic])).toContain('belong to Kafka itself')
    },
  )

  it.each(['_schemas', '_confluent-metrics', '_'])("is not one of a tool's unless a pattern begins with _: %s", (topic) => {
    expect(why(topic, ['*'])).toContain('usually belong to tools')
    expect(why(topic, ['*', topic])).toBeNull()
    expect(why(topic, ['_*'])).toBeNull()
  })

  it('is allowed exactly when a pattern matches and no rule about _ forbids it', () => {
    const names = fc.stringMatching(/^[_a.]{1,5}$/)
    const patterns = fc.array(fc.stringMatching(/^[_a.*]{1,4}$/), { maxLength: 4 })
    fc.assert(
      fc.property(names, patterns, (topic, topics) => {
        const matching = topics.filter((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(topic))
        const isAllowed = !topic.startsWith('__') && matching.some((pattern) => !topic.startsWith('_') || pattern.startsWith('_'))
        expect(why(topic, topics) === null).toBe(isAllowed)
      }),
      { numRuns: 2_000 },
    )
  })
})
