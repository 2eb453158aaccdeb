import { describe, expect, it } from 'vitest'
import type { ClusterView, TopicView } from '../wire/metadata.ts'
import { isStale } from './stale-view.ts'

const aTopic = (topicId: string | null, ...epochs: readonly number[]): TopicView => ({
  topicId,
  partitions: epochs.map((leaderEpoch) => ({ leader: 0, leaderEpoch, errorCode: 0 })),
})
const seen = (topic: TopicView | null): ClusterView => ({ clusterId: null, brokers: new Map(), topic })
const none: ReadonlySet<string> = new Set()

describe('a view of the topic', () => {
  it.each([
    ['a leader epoch is lower', aTopic('a', 3, 5), aTopic('a', 3, 4), true],
    ['partitions are missing', aTopic('a', 3, 5), aTopic('a', 3), true],
    ['leader epochs are the same or higher', aTopic('a', 3, 5), aTopic('a', 3, 6), false],
    ['partitions were added', aTopic('a', 3), aTopic('a', 3, 0), false],
    ['the broker reports no epoch', aTopic('a', 3), aTopic('a', -1), false],
    ['the topic has another id', aTopic('a', 3), aTopic('b', 0), false],
    ['there was no topic before', null, aTopic('a', 0), false],
    ['there is no topic now', aTopic('a', 3), null, false],
    ['brokers report no ids, and a leader epoch is lower', aTopic(null, 3), aTopic(null, 2), true],
    ['brokers report no ids, and partitions are missing', aTopic(null, 3, 3), aTopic(null, 3), false],
  ])('is checked for staleness when %s', (_case, before, now, expected) => {
    expect(isStale(before, seen(now), none)).toBe(expected)
  })

  it('is stale when it shows a topic that was deleted', () => {
    expect(isStale(aTopic('b', 0), seen(aTopic('a', 7)), new Set(['a']))).toBe(true)
  })
})
