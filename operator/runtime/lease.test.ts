import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { heldLease, mayTake, microTime, newLease, observeLease, readLease, releasedLease, uniqueIdentity } from './lease.ts'

const hold = { durationMs: 15_000, wallMs: 0 }
const empty = newLease({ namespace: 'carillon', name: 'carillon-operator' })
const withSpec = (spec: Readonly<Record<string, unknown>>): KubernetesObject => ({ ...empty, spec })

describe('a Lease', () => {
  it('is written in the format of the API', () => {
    expect(heldLease(empty, { identity: 'a', durationMs: 14_001, wallMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6) })).toEqual({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'carillon', name: 'carillon-operator' },
      spec: {
        holderIdentity: 'a',
        leaseDurationSeconds: 15,
        acquireTime: '2026-01-02T03:04:05.006000Z',
        renewTime: '2026-01-02T03:04:05.006000Z',
        leaseTransitions: 0,
      },
    })
  })

  it('counts the holders, and keeps the time since when the holder holds it', () => {
    const a = heldLease(empty, { ...hold, identity: 'a' })
    const renewed = heldLease(a, { ...hold, identity: 'a', wallMs: 2_000 })
    expect(renewed['spec']).toMatchObject({ acquireTime: microTime(0), renewTime: microTime(2_000), leaseTransitions: 0 })
    expect(heldLease(renewed, { ...hold, identity: 'b', wallMs: 9_000 })['spec']).toMatchObject({
      acquireTime: microTime(9_000),
      leaseTransitions: 1,
    })
  })

  it('keeps fields that other writers have set', () => {
    const theirs = { ...withSpec({ strategy: 'OldestEmulationVersion' }), metadata: { ...empty.metadata, labels: { team: 'bells' } } }
    const held = releasedLease(heldLease(theirs, { ...hold, identity: 'a' }), 1_000)
    expect(held.metadata.labels).toEqual({ team: 'bells' })
    expect(held['spec']).toMatchObject({ strategy: 'OldestEmulationVersion', holderIdentity: '' })
  })

  it('is free when its fields cannot be read', () => {
    for (const spec of [undefined, null, 'a', { holderIdentity: 5, leaseDurationSeconds: -1, leaseTransitions: 'x' }]) {
      expect(readLease({ ...empty, spec })).toEqual({ holder: '', durationMs: null, transitions: 0, acquireTime: null })
    }
  })
})

describe('an observed Lease', () => {
  const held = (renewTime: number): KubernetesObject => heldLease(empty, { ...hold, identity: 'a', wallMs: renewTime })
  const mayBTake = (nowMs: number, observed: ReturnType<typeof observeLease>): boolean =>
    mayTake(observed, 'b', { nowMs, durationMs: 15_000 })

  it('may be taken when it has not changed for its duration, regardless of the times in it', () => {
    const first = observeLease(null, held(Date.UTC(2099)), 1_000)
    const again = observeLease(first, held(Date.UTC(2099)), 15_000)
    expect([mayBTake(15_999, again), mayBTake(16_000, again)]).toEqual([false, true])
    const renewed = observeLease(again, held(Date.UTC(1999)), 16_000)
    expect([mayBTake(30_999, renewed), mayBTake(31_000, renewed)]).toEqual([false, true])
  })

  it('expires by the duration that its holder wrote', () => {
    const long = observeLease(null, heldLease(empty, { identity: 'a', durationMs: 60_000, wallMs: 0 }), 0)
    expect([mayBTake(59_999, long), mayBTake(60_000, long)]).toEqual([false, true])
    const silent = observeLease(null, withSpec({ holderIdentity: 'a' }), 0)
    expect([mayBTake(14_999, silent), mayBTake(15_000, silent)]).toEqual([false, true])
  })

  it('may be taken at once when it is free, or held by this process', () => {
    expect(mayBTake(0, observeLease(null, releasedLease(held(0), 0), 0))).toBe(true)
    expect(mayTake(observeLease(null, held(0), 0), 'a', { nowMs: 0, durationMs: 15_000 })).toBe(true)
  })

  it('does not count as changed by fields outside of its spec', () => {
    const first = observeLease(null, held(0), 0)
    const annotated = { ...held(0), metadata: { ...empty.metadata, annotations: { seen: 'true' } } }
    expect(observeLease(first, annotated, 9_000).sinceMs).toBe(0)
  })
})

describe('uniqueIdentity', () => {
  it('differs at each call, also for one pod', () => {
    expect(uniqueIdentity('operator-0')).toMatch(/^operator-0_[0-9a-f-]{36}$/)
    expect(uniqueIdentity('operator-0')).not.toBe(uniqueIdentity('operator-0'))
  })
})
