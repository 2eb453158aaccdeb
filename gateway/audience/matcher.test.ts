import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audience as anyAudience, principal as anyPrincipal } from '../testing/arbitraries.ts'
import { anAudience, aPrincipal } from '../testing/builders.ts'
import { createMatcher } from './matcher.ts'
import { matches } from './audience-matcher.ts'

describe('a matcher', () => {
  it('agrees with matches, for any audience and principal', () => {
    fc.assert(
      fc.property(anyAudience, fc.array(anyPrincipal, { maxLength: 4 }), (audience, principals) => {
        const matcher = createMatcher(audience)
        expect(principals.map(matcher)).toEqual(principals.map((principal) => matches(audience, principal)))
      }),
      { numRuns: 1000 },
    )
  })

  it('does not compare each role with each: 1,000 roles and 2,000 principals of 50 roles took seconds', () => {
    const rolesFrom = (first: number, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `a-role-of-usual-length-${first + index}`)
    const principals = Array.from({ length: 2_000 }, (_, index) => aPrincipal({ userId: `user-${index}`, roles: rolesFrom(5_000, 50) }))
    const matcher = createMatcher(anAudience({ organizations: ['acme'], roles: rolesFrom(0, 1_000) }))
    const startedMs = performance.now()
    expect(principals.filter(matcher)).toEqual([])
    expect(performance.now() - startedMs).toBeLessThan(500)
  })
})
