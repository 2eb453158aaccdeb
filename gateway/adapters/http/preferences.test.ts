import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPreference } from './preferences.ts'

const full = { isMinimal: false, applied: null }
const minimal = { isMinimal: true, applied: 'return=minimal' }
const empty = { isMinimal: true, applied: null }

describe('the header Prefer', () => {
  it.each([
    [undefined, full],
    ['', full],
    ['return=representation', full],
    ['respond-async, wait=10', full],
    ['reply', empty],
    ['Reply', empty],
    ['wait=10, reply', empty],
    ['reply; x=y', empty],
    ['reply, return=representation', empty],
    ['return=minimal', minimal],
    ['RETURN = "minimal"', minimal],
    ['return=minimal; x="a, b", wait=1', minimal],
    ['reply,return=minimal', minimal],
    ['return=minimal, return=representation', minimal],
    ['return=representation, return=minimal', full],
    ['x="a, reply, b"', full],
    ['x="\\", reply"', full],
    ['x="reply', full],
    ['replying', full],
    ['return=minimally', full],
  ])('%j asks for %j', (prefer, expected) => {
    expect(readPreference(prefer)).toEqual(expected)
  })

  it('accepts any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (prefer) => void expect([full, minimal, empty]).toContainEqual(readPreference(prefer))),
    )
    expect(readPreference('"\\'.repeat(16_000))).toEqual(full)
  })
})
