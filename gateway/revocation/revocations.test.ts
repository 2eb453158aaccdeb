import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aPrincipal } from '../testing/builders.ts'
import { type Revocation, Revocations } from './revocations.ts'
import type { Subject } from './subject.ts'

const user = (name: string): Subject => ({ kind: 'user', name })
const until = (untilMs: number, issuedBeforeMs = 100): Revocation => ({ issuedBeforeMs, untilMs })

function table(maxEntries = 10) {
  const clock = { nowMs: 1_000 }
  return { clock, revocations: new Revocations({ maxEntries, now: () => clock.nowMs }) }
}

describe('the table of revocations', () => {
  const ann = { userId: 'ann', organizationId: 'red', tokenId: 't-1' }

  it.each([
    ['its user, if it was issued before', user('ann'), { issuedAtMs: 99 }, true],
    ['its user, but it was issued at that time', user('ann'), { issuedAtMs: 100 }, false],
    ['its user, and it does not say when it was issued', user('ann'), { issuedAtMs: null }, true],
    ['another user', user('bob'), { issuedAtMs: 99 }, false],
    ['its organization', { kind: 'organization', name: 'red' }, { issuedAtMs: 99 }, true],
    ['its organization, but it was issued later', { kind: 'organization', name: 'red' }, { issuedAtMs: 101 }, false],
    ['an organization that it does not have', { kind: 'organization', name: 'red' }, { organizationId: null, issuedAtMs: 99 }, false],
    ['its own id, whenever it was issued', { kind: 'token', name: 't-1' }, { issuedAtMs: 999 }, true],
    ['the id of another token', { kind: 'token', name: 't-2' }, { issuedAtMs: 99 }, false],
    ['an id that it does not have', { kind: 'token', name: 't-1' }, { tokenId: null, issuedAtMs: 99 }, false],
    ['a user of the name of its organization', user('red'), { issuedAtMs: 99 }, false],
  ] as const)('decides for a token when a revocation names %s', (_, subject, over, expected) => {
    const { revocations } = table()
    revocations.add(subject, until(2_000))
    expect(revocations.matches(aPrincipal({ ...ann, ...over }))).toBe(expected)
  })

  it('forgets no revocation before its end, and none matches after it', () => {
    const { revocations, clock } = table()
    revocations.add(user('ann'), until(2_000))
    clock.nowMs = 1_999
    expect(revocations.matches(aPrincipal({ userId: 'ann' }))).toBe(true)
    clock.nowMs = 2_000
    expect([revocations.matches(aPrincipal({ userId: 'ann' })), revocations.isInForce(user('ann'))]).toEqual([false, false])
  })

  it('joins revocations of a subject to the later times, in any order', () => {
    const aRevocation = fc.record({ issuedBeforeMs: fc.nat(100), untilMs: fc.nat(100) })
    fc.assert(
      fc.property(fc.array(aRevocation, { minLength: 1 }), (added) => {
        const { revocations } = table()
        for (const one of added) revocations.add(user('ann'), one)
        expect(revocations.get(user('ann'))).toEqual({
          issuedBeforeMs: Math.max(...added.map(({ issuedBeforeMs }) => issuedBeforeMs)),
          untilMs: Math.max(...added.map(({ untilMs }) => untilMs)),
        })
      }),
    )
  })

  it('says what a revocation changes, and counts only changes', () => {
    const { revocations } = table()
    expect([until(2_000), until(2_000), until(1_500, 50), until(2_001)].map((one) => revocations.add(user('ann'), one))).toEqual([
      'stronger',
      'unchanged',
      'unchanged',
      'stronger',
    ])
    expect([revocations.size, revocations.version]).toEqual([1, 2])
  })

  it('is full at its bound, makes room of what has ended once a second, and strengthens what it has', () => {
    const { revocations, clock } = table(2)
    revocations.add(user('ann'), until(1_100))
    revocations.add(user('bob'), until(9_000))
    expect(revocations.add(user('cid'), until(9_000))).toBe('full')
    expect(revocations.add(user('bob'), until(9_500))).toBe('stronger')
    clock.nowMs = 1_999
    expect(revocations.add(user('cid'), until(9_000))).toBe('full')
    clock.nowMs = 2_000
    expect(revocations.add(user('cid'), until(9_000))).toBe('stronger')
    expect([revocations.size, revocations.get(user('ann'))]).toEqual([2, null])
  })

  it('lists what has ended, at most as many as wanted, and what is in force', () => {
    const { revocations } = table()
    for (const name of ['a', 'b', 'c']) revocations.add(user(name), until(500))
    revocations.add({ kind: 'token', name: 't' }, until(2_000))
    expect(revocations.endedBefore(501, 2)).toEqual([user('a'), user('b')])
    expect(revocations.endedBefore(500, 2)).toEqual([])
    expect([...revocations.inForce()]).toEqual([{ kind: 'token', name: 't' }])
  })
})
