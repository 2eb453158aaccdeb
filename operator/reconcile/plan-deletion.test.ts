import { describe, expect, it } from 'vitest'
import type { RealtimeChannelStatus } from '../api/v1alpha1/realtime-channel.ts'
import { aChannel, aTopic, aWorld, someSettings } from '../testing/channel-builders.ts'
import type { TopicRecord } from './actions.ts'
import { planChannel } from './plan.ts'
import type { World } from './world.ts'

const deletedAt = '2026-01-02T00:00:00Z'
const minutes = (count: number): number => Date.parse(deletedAt) + count * 60_000
const record: TopicRecord = { name: 'shop.chat', id: 'topic-1', clusterId: 'cluster-1', partitions: 3, origin: 'Created' }

interface Case extends Partial<World> {
  readonly policy?: 'Retain' | 'Delete'
  readonly known?: TopicRecord | null
  readonly finalizers?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly conditions?: RealtimeChannelStatus['conditions']
}

function plan({ policy = 'Delete', known = record, finalizers = ['carillon.dev/topic'], annotations = {}, conditions, ...more }: Case) {
  const status = { ...(known === null ? {} : { topic: known }), ...(conditions === undefined ? {} : { conditions }) }
  const channel = aChannel({ metadata: { deletionTimestamp: deletedAt, finalizers, annotations }, spec: { topic: { deletionPolicy: policy } }, status })
  return planChannel(aWorld({ channel, topic: { kind: 'present', topic: aTopic() }, nowMs: minutes(1), ...more }), someSettings())
}

const unreachable = { kind: 'failed', failure: { kind: 'unreachable', detail: 'no answer' } } as const
const kept = [{ kind: 'remove-finalizer', because: 'topic-kept' }]
const notDeleted = [{ type: 'TopicReady', status: 'False', reason: 'TopicNotDeleted', message: '', lastTransitionTime: deletedAt } as const]

describe('the end of a channel', () => {
  it('takes the topic along when the policy says so and it is the one that the channel had', () => {
    expect(plan({})).toMatchObject({ phase: 'deleting', actions: [{ kind: 'delete-topic', name: 'shop.chat' }, { kind: 'remove-finalizer', because: 'topic-deleted' }], refusals: [] })
    expect(plan({ known: { ...record, origin: 'Adopted' } }).actions).toMatchObject([{ kind: 'delete-topic' }, {}])
  })

  it('does nothing where it owes nothing', () => {
    expect(plan({ finalizers: [] }).actions).toEqual([])
    expect(plan({ finalizers: ['foregroundDeletion'] }).actions).toEqual([])
  })

  it.each<[string, Case]>([
    ['the policy is Retain', { policy: 'Retain' }],
    ['nothing is known of it', { known: null }],
    ['it is another of the same name', { topic: { kind: 'present', topic: aTopic({ topicId: 'topic-2' }) } }],
    ['it is in another cluster', { topic: { kind: 'present', topic: aTopic({ clusterId: 'cluster-2' }) } }],
    ['it is missing in another cluster', { topic: { kind: 'missing', topic: { name: 'shop.chat', clusterId: 'cluster-2' } } }],
    ['an older channel claims it', { rivals: { topic: { namespace: 'shop', name: 'older' }, route: null } }],
    ['the channel is paused', { annotations: { 'carillon.dev/paused': 'true' } }],
    ['it was adopted, and its id was never noted', { known: { name: 'shop.chat', clusterId: 'cluster-1', origin: 'Adopted' } }],
  ])('keeps the topic when %s, and does not wait', (_why, given) => {
    expect(plan(given).actions).toEqual(kept)
  })

  it('takes a topic along that was created a moment ago, before its id was noted', () => {
    expect(plan({ known: { name: 'shop.chat', clusterId: 'cluster-1', partitions: 3, origin: 'Created' } }).actions).toMatchObject([{ kind: 'delete-topic' }, {}])
  })

  it('needs nothing more when the topic is gone already', () => {
    expect(plan({ topic: { kind: 'missing', topic: { name: 'shop.chat', clusterId: 'cluster-1' } } }).actions).toEqual([{ kind: 'remove-finalizer', because: 'topic-deleted' }])
  })

  it('waits for Kafka for five minutes, and then lets the channel go', () => {
    expect(plan({ topic: unreachable, nowMs: minutes(4.9) })).toMatchObject({ actions: [], refusals: [{ reason: 'KafkaUnreachable' }], requeueAfterMs: 10_000 })
    expect(plan({ topic: unreachable, nowMs: minutes(5) }).actions).toEqual([{ kind: 'remove-finalizer', because: 'gave-up' }])
    expect(plan({ topic: null, nowMs: minutes(5) }).actions).toEqual([{ kind: 'remove-finalizer', because: 'gave-up' }])
  })

  it('gives up a deletion that Kafka refuses in the same time, but never without an attempt', () => {
    expect(plan({ conditions: notDeleted, nowMs: minutes(4) }).actions).toMatchObject([{ kind: 'delete-topic' }, {}])
    expect(plan({ conditions: notDeleted, nowMs: minutes(5) }).actions).toEqual([{ kind: 'remove-finalizer', because: 'gave-up' }])
    expect(plan({ nowMs: minutes(60) }).actions).toMatchObject([{ kind: 'delete-topic' }, {}])
  })
})
