import fc from 'fast-check'
import { expect, it } from 'vitest'
import { audience as anAudience } from '../testing/arbitraries.ts'
import { audienceKeys, createAudienceKeys } from './audience-keys.ts'

it('keys that are remembered are those of the audience, and the same list for the same audience', () => {
  const keysOf = createAudienceKeys()
  fc.assert(
    fc.property(fc.array(anAudience, { maxLength: 10 }), (audiences) => {
      const first = audiences.map(keysOf)
      expect(first).toEqual(audiences.map(audienceKeys))
      expect(audiences.map(keysOf).every((keys, index) => keys === first[index])).toBe(true)
    }),
  )
})
