import { describe, expect, it } from 'vitest'
import { epochOf, nextEpoch, type TopicIdentity } from './topic-identity.ts'

const old = { topicId: 'id-1', partitions: 3 }
const anew = { topicId: 'id-2', partitions: 3 }
const next = (configured: string, now: TopicIdentity = anew): string => nextEpoch({ identity: old, epoch: epochOf(old, configured, 'news') }, now, { configured, unique: 'u' })

describe('the epoch of a topic that was made anew', () => {
  it('is its id, as pods that start now find it', () => {
    expect(next('')).toBe(epochOf(anew, '', 'news'))
  })

  it('is its id also where an operator had said the old one: it says the new one to the pods that come next', () => {
    expect(next('id-1')).toBe(epochOf(anew, 'id-2', 'news'))
  })

  it("is put behind a name of somebody's own, which will not change by itself", () => {
    expect(next('mine')).toBe('mine~id-2')
  })

  it('has something of the pod in it when nothing tells all pods the same', () => {
    expect(next('', old)).toBe('id-1~u')
    expect(next('', { topicId: null, partitions: 2 })).toBe('id-1~u')
  })
})
