import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRecentIds } from './recent-ids.ts'

describe('createRecentIds', () => {
  it('agrees with a list of the last ids for any input', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(fc.constantFrom(...'abcdefghij')), (capacity, ids) => {
        const isNew = createRecentIds(capacity)
        let oracle: string[] = []
        for (const id of ids) {
          expect(isNew(id)).toBe(!oracle.includes(id))
          oracle = [...oracle.filter((other) => other !== id), id].slice(-capacity)
        }
      }),
    )
  })
})
