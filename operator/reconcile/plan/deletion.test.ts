import { describe, expect, it } from 'vitest'
import type { RealtimeChannelStatus } from '../../../api/v1alpha1/realtime-channel.ts'
import { aChannel, aDeadLetterTopic, aTopic, aWorld, noRivals, openTopicRules, someSettings } from '../../testing/channel-builders.ts'
import { planChannel } from './plan.ts'
import type { World, TopicRecord } from '../world.ts'

const deletedAt = '2026-01-02T00:00:00Z'
const minutes = (count: number): number => Date.parse(deletedAt) + count * 60_000
const record: TopicRecord = { name: 'shop.chat', id: 'topic-1', clusterId: 'cluster-1', partitions: 3, origin: 'Created' }

interface Case extends Partial<World> {
  readonly policy?: 'Retain' | 'Delete'
  readonly known?: TopicRecord | null
  readonly letters?: TopicRecord
  readonly isWithoutLetters?: boolean
  readonly finalizers?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly conditions?: RealtimeChannelStatus['conditions']
}

function plan({
  policy = 'Delete',
  known = record,
  letters,
  isWithoutLetters = false,
  finalizers = ['carillon.dev/topic'],
  annotations = {},
  conditions,
  ...more
}: Case) {
  const status = {
    ...(known === null ? {} : { topic: known }),
    ...(letters === undefined ? {} : { deadLetters: letters }),
    ...(conditions === undefined ? {} : { conditions }),
  }
  const channel = aChannel({
    metadata: { deletionTimestamp: deletedAt, finalizers, annotations },
    spec: { topic: { deletionPolicy: policy, deadLetters: { enabled: !isWithoutLetters } } },
    status,
  })
  return planChannel(aWorld({ channel, topic: { kind: 'present', topic: aTopic() }, nowMs: minutes(1), ...more }), someSettings())
}

const unreachable = { kind: 'failed', failure: { kind: 'unreachable', detail: 'no answer' } } as const
const kept = [{ kind: 'remove-finalizer', because: 'topic-kept' }]
const notDeleted = [{ type: 'TopicReady', status: 'False', reason: 'TopicNotDeleted', message: '', lastTransitionTime: deletedAt } as const]

const keptBecause = (because: string) => [{ kind: 'remove-finalizer', because }]

describe('the deletion of a channel', () => {
  // An adopted topic has another owner: a tenant adopted a topic of another team as it was, and deleted it with the channel.
  it.each<[string, string, Case]>([
    ['the operator did not create it', 'topic-adopted', { known: { ...record, origin: 'Adopted' } }],
    [
      'another channel uses it, by another address of the cluster',
      'topic-shared',
      { rivals: { ...noRivals, alsoUsing: { ...noRivals.alsoUsing, topic: { namespace: 'prod', name: 'blue' } } } },
    ],
    ['no channel may delete topics', 'topic-not-allowed', { topicRules: { ...openTopicRules, deletion: 'Never' } }],
    [
      'the channel may not have a topic of this name any more',
      'topic-not-allowed',
      { topicRules: { ...openTopicRules, topics: ['other.*'] } },
    ],
    ['the brokers mark it as internal', 'topic-kept', { topic: { kind: 'present', topic: aTopic({ isInternal: true }) } }],
  ])('keeps the topic when %s', (_why, because, given) => {
    expect(plan(given).actions).toEqual(keptBecause(because))
  })

  describe('with a dead letter topic that the operator created', () => {
    const deadLetters = { kind: 'present', topic: aDeadLetterTopic() } as const
    const letters: TopicRecord = { name: 'shop.chat.dlq', id: 'topic-dlq', clusterId: 'cluster-1', partitions: 1, origin: 'Created' }
    const both = [
      { kind: 'delete-topic', name: 'shop.chat' },
      { kind: 'delete-topic', name: 'shop.chat.dlq' },
      { kind: 'remove-finalizer', because: 'topic-deleted' },
    ]

    it('deletes both topics', () => {
      expect(plan({ deadLetters, letters }).actions).toEqual(both)
      expect(plan({ deadLetters, letters, isWithoutLetters: true }).actions).toEqual(both)
    })

    it('decides on each topic alone', () => {
      expect(plan({ deadLetters, letters, known: { ...record, origin: 'Adopted' } }).actions).toEqual([
        { kind: 'delete-topic', name: 'shop.chat.dlq' },
        { kind: 'remove-finalizer', because: 'topic-adopted' },
      ])
      expect(plan({ deadLetters, letters: { ...letters, id: 'another' } }).actions).toEqual([
        { kind: 'delete-topic', name: 'shop.chat' },
        { kind: 'remove-finalizer', because: 'topic-deleted' },
      ])
    })

    it('waits while Kafka does not answer for one topic, and then deletes what it can', () => {
      expect(plan({ deadLetters: unreachable, letters })).toMatchObject({ actions: [], requeueAfterMs: 10_000 })
      expect(plan({ deadLetters: unreachable, letters, nowMs: minutes(5) }).actions).toEqual([
        { kind: 'delete-topic', name: 'shop.chat' },
        { kind: 'remove-finalizer', because: 'gave-up' },
      ])
    })
  })

  it('deletes the topic when the policy says so and it is the one that the channel had', () => {
    expect(plan({})).toMatchObject({
      phase: 'deleting',
      actions: [
        { kind: 'delete-topic', name: 'shop.chat' },
        { kind: 'remove-finalizer', because: 'topic-deleted' },
      ],
      refusals: [],
    })
  })

  it('does nothing without the finalizer', () => {
    expect(plan({ finalizers: [] }).actions).toEqual([])
    expect(plan({ finalizers: ['foregroundDeletion'] }).actions).toEqual([])
  })

  it.each<[string, Case]>([
    ['the policy is Retain', { policy: 'Retain' }],
    ['nothing is known of it', { known: null }],
    ['it is another of the same name', { topic: { kind: 'present', topic: aTopic({ topicId: 'topic-2' }) } }],
    ['it is in another cluster', { topic: { kind: 'present', topic: aTopic({ clusterId: 'cluster-2' }) } }],
    ['it is missing in another cluster', { topic: { kind: 'missing', topic: { name: 'shop.chat', clusterId: 'cluster-2' } } }],
    ['an older channel claims it', { rivals: { ...noRivals, topic: { namespace: 'shop', name: 'older', use: 'topic' } } }],
    ['the channel is paused', { annotations: { 'carillon.dev/paused': 'true' } }],
  ])('keeps the topic when %s, and does not wait', (_why, given) => {
    expect(plan(given).actions).toEqual(kept)
  })

  it('deletes a topic that was created a moment ago, before its id was recorded', () => {
    expect(plan({ known: { name: 'shop.chat', clusterId: 'cluster-1', partitions: 2, origin: 'Created' } }).actions).toEqual(kept)
    expect(plan({ known: { name: 'shop.chat', clusterId: 'cluster-1', partitions: 3, origin: 'Created' } }).actions).toMatchObject([
      { kind: 'delete-topic' },
      {},
    ])
  })

  it('needs no deletion when the topic is already gone', () => {
    expect(plan({ topic: { kind: 'missing', topic: { name: 'shop.chat', clusterId: 'cluster-1' } } }).actions).toEqual([
      { kind: 'remove-finalizer', because: 'topic-deleted' },
    ])
  })

  it('waits for Kafka for five minutes, and then removes the finalizer', () => {
    expect(plan({ topic: unreachable, nowMs: minutes(4.9) })).toMatchObject({
      actions: [],
      refusals: [{ reason: 'KafkaUnreachable' }],
      requeueAfterMs: 10_000,
    })
    expect(plan({ topic: unreachable, nowMs: minutes(5) }).actions).toEqual([{ kind: 'remove-finalizer', because: 'gave-up' }])
    expect(plan({ topic: null, nowMs: minutes(5) }).actions).toEqual([{ kind: 'remove-finalizer', because: 'gave-up' }])
  })

  it('gives up a deletion that Kafka refuses in the same time, but never without an attempt', () => {
    expect(plan({ conditions: notDeleted, nowMs: minutes(4) }).actions).toMatchObject([{ kind: 'delete-topic' }, {}])
    expect(plan({ conditions: notDeleted, nowMs: minutes(5) }).actions).toEqual([{ kind: 'remove-finalizer', because: 'gave-up' }])
    expect(plan({ nowMs: minutes(60) }).actions).toMatchObject([{ kind: 'delete-topic' }, {}])
  })
})
