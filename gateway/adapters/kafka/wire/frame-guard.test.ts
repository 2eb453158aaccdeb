import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameGuard } from './frame-guard.ts'

const frame = (length: number, body = Math.max(0, length)): Buffer => {
  const bytes = Buffer.alloc(4 + body)
  bytes.writeInt32BE(length)
  return bytes
}

describe('the guard of frames', () => {
  it('lets responses within the bounds through, in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 4, max: 300 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (lengths, cuts) => {
          const [guard, bytes] = [createFrameGuard(300), Buffer.concat(lengths.map((length) => frame(length)))]
          for (let at = 0, index = 0; at < bytes.length; index++) {
            const size = cuts[index % cuts.length] ?? 1
            expect(guard.refuses(bytes.subarray(at, at + size))).toBeNull()
            at += size
          }
        },
      ),
      { seed: 1, numRuns: 300 },
    )
  })

  it.each([0x7fffffff, 301, 3, 0, -1, -0x80000000])('refuses a response of %i bytes with the last byte of its length', (length) => {
    const guard = createFrameGuard(300)
    expect(guard.refuses(Buffer.concat([frame(10), frame(length, 0).subarray(0, 3)]))).toBeNull()
    expect(guard.refuses(frame(length, 0).subarray(3))).toBe(length)
  })
})
