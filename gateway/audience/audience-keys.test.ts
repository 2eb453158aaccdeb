import fc from 'fast-check'
import { expect, it } from 'vitest'
import { audience as anAudience } from '../testing/arbitraries.ts'
import { audienceKeys, KeyedAudience, keysOf } from './audience-keys.ts'

it('an audience that keeps its keys has those of an equal audience, and the same list each time', () => {
  fc.assert(
    fc.property(anAudience, (audience) => {
      const keyed = new KeyedAudience(audience)
      expect(keyed).toEqual(audience)
      expect(keysOf(keyed)).toEqual(audienceKeys(audience))
      expect(keysOf(keyed)).toBe(keysOf(keyed))
    }),
  )
})

it('an audience that keeps no keys has them, too', () => {
  fc.assert(
    fc.property(anAudience, (audience) => {
      expect(keysOf(audience)).toEqual(audienceKeys(audience))
    }),
  )
})
