import { describe, expect, it } from 'vitest'
import type { PartitionBehind } from '../../../replay/record-source.ts'
import { healthOf, isSameHealth, type SourceState } from './source-state.ts'

const behind = (partition: number, kind: PartitionBehind['kind'] = 'unreachable'): [number, PartitionBehind] => [
  partition,
  { partition, kind, detail: `${kind} ${partition}` },
]
const aState = (given: Partial<SourceState>): SourceState => ({
  partitions: 3,
  behind: new Map(),
  read: new Set([0, 1, 2]),
  topicProblem: null,
  uncommittedRecords: 0,
  ...given,
})

describe('the health of reading', () => {
  it('is good when every partition is read', () => {
    expect(healthOf(aState({}))).toEqual({ problem: null, behind: [], uncommittedRecords: 0 })
  })

  it('names the partitions that are behind, in order, without a problem while another one is read', () => {
    const health = healthOf(aState({ behind: new Map([behind(2), behind(0, 'no-leader')]) }))
    expect(health.problem).toBeNull()
    expect(health.behind.map(({ partition }) => partition)).toEqual([0, 2])
  })

  it('is a problem when no partition is read', () => {
    expect(healthOf(aState({ behind: new Map([behind(0), behind(1), behind(2)]) })).problem).toEqual({
      kind: 'connecting',
      detail: 'unreachable 0',
    })
    expect(healthOf(aState({ behind: new Map([behind(0, 'refused'), behind(1, 'refused'), behind(2, 'refused')]) })).problem?.kind).toBe(
      'refused',
    )
  })

  it('is a problem until the first partition was read', () => {
    expect(healthOf(aState({ read: new Set() })).problem).toEqual({ kind: 'connecting', detail: 'no partition has been read yet' })
    expect(healthOf(aState({ read: new Set([1]) })).problem).toBeNull()
  })

  it('is the problem of the topic when the topic is missing', () => {
    const topicProblem = { kind: 'missing', detail: 'no such topic' } as const
    expect(healthOf(aState({ topicProblem })).problem).toBe(topicProblem)
  })

  it('is reported again only when it changes', () => {
    const health = healthOf(aState({}))
    expect(isSameHealth(health, null)).toBe(false)
    expect(isSameHealth(health, healthOf(aState({})))).toBe(true)
    expect(isSameHealth(health, healthOf(aState({ uncommittedRecords: 2 })))).toBe(false)
  })
})
