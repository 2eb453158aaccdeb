import { describe, expect, it } from 'vitest'
import { endOfBatches } from './batch.ts'
import { aBatch } from './testing/test-batch.ts'

describe('the end of a fetch', () => {
  it('lies behind the last whole batch', async () => {
    const [first, second] = [await aBatch({ baseOffset: 5, lastOffsetDelta: 9 }), await aBatch({ baseOffset: 20 })]
    const bytes = Buffer.concat([first, second])
    expect(endOfBatches(bytes)).toBe(21)
    for (let cut = 1; cut <= second.length; cut++) expect(endOfBatches(bytes.subarray(0, -cut))).toBe(15)
    for (let length = 0; length < first.length; length++) expect(endOfBatches(bytes.subarray(0, length))).toBeNull()
  })

  it.each([
    ['a negative offset', (batch: Buffer) => batch.writeBigInt64BE(-1n, 0)],
    ['an offset of 2^53 or more', (batch: Buffer) => batch.writeBigInt64BE(2n ** 53n, 0)],
    ['a negative size', (batch: Buffer) => batch.writeInt32BE(-100, 8)],
    ['a size of zero', (batch: Buffer) => batch.writeInt32BE(0, 8)],
    ['a last offset below its base', (batch: Buffer) => batch.writeInt32BE(-1, 23)],
  ])('is not known when a batch has %s', async (_what, lie) => {
    const batch = await aBatch({ baseOffset: 5 })
    lie(batch)
    expect(endOfBatches(Buffer.concat([await aBatch(), batch, await aBatch({ baseOffset: 6 })]))).toBeNull()
  })
})
