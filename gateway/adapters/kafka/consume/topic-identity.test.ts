import { describe, expect, it } from 'vitest'
import { epochAfterCuts, epochOf, nextEpoch, wasMadeAgain, withCut, type TopicIdentity } from './topic-identity.ts'

const old = { topicId: 'id-1', partitions: 3 }
const later = { topicId: 'id-2', partitions: 3 }
const next = (configured: string, now: TopicIdentity = later): string =>
  nextEpoch({ identity: old, epoch: epochOf(old, configured, 'news') }, now, { configured, unique: 'u' })

describe('the epoch of a recreated topic', () => {
  it('is its id, as for pods that start now', () => {
    expect(next('')).toBe(epochOf(later, '', 'news'))
  })

  it('is its id also where the configured epoch was the old id: the next pods get the new one', () => {
    expect(next('id-1')).toBe(epochOf(later, 'id-2', 'news'))
  })

  it('follows a configured name, which does not change by itself', () => {
    expect(next('mine')).toBe('mine~id-2')
  })

  it("has a part of the pod's own when brokers report no id", () => {
    expect(next('', old)).toBe('id-1~u')
    expect(next('', { topicId: null, partitions: 2 })).toBe('id-1~u')
  })
})

describe('the epoch of a log that was cut', () => {
  const first = { partition: 0, leaderEpoch: 4, endOffset: 95 }
  const second = { partition: 2, leaderEpoch: 4, endOffset: 7 }

  it('names the cuts, in an order that does not depend on which was found first', () => {
    expect(epochAfterCuts('id-1', [first, second])).toBe('id-1~0.4.95~2.4.7')
    expect(epochAfterCuts('id-1', [second, first])).toBe(epochAfterCuts('id-1', [first, second]))
  })

  it('names the last cut of a partition, and distinguishes cuts at the same offset', () => {
    expect(epochAfterCuts('id-1', withCut([first], { ...first, leaderEpoch: 5 }))).toBe('id-1~0.5.95')
    expect(epochAfterCuts('id-1', withCut(withCut([first, second], first), first))).toBe('id-1~0.4.95.2~2.4.7')
  })

  it('has a short name for many cuts, which does not depend on their order either', () => {
    const many = Array.from({ length: 1_000 }, (_, partition) => ({ ...first, partition }))
    expect(epochAfterCuts('id-1', many)).toMatch(/^id-1~[0-9a-f]{32}$/)
    expect(epochAfterCuts('id-1', many.toReversed())).toBe(epochAfterCuts('id-1', many))
    expect(epochAfterCuts('id-1', many.slice(1))).not.toBe(epochAfterCuts('id-1', many))
  })

  it('is the epoch itself without a cut', () => {
    expect(epochAfterCuts('id-1', [])).toBe('id-1')
  })
})

describe('a topic', () => {
  it.each([
    [{ topicId: 'id-2', partitions: 3 }, true],
    [{ topicId: 'id-1', partitions: 2 }, false],
    [{ topicId: null, partitions: 2 }, true],
    [{ topicId: 'id-1', partitions: 5 }, false],
    [{ topicId: null, partitions: 3 }, false],
  ])('with %o is another one than before: %s', (now, isAnother) => {
    expect(wasMadeAgain(old, now)).toBe(isAnother)
  })
})
