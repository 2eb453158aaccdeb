import fc from 'fast-check'
import { expect, test } from 'vitest'
import { websocketFraming } from '../../gateway/adapters/ws/frame.ts'
import { FrameCounter, type Tally } from './frame-counter.ts'

const frameOf = (bytes: number): Buffer => Buffer.concat([websocketFraming.before(bytes, null), Buffer.alloc(bytes, 'x')])

/** Cuts at the given places. */
function pieces(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

test('counts every frame, ping and byte wherever the stream is cut', () => {
  const lengths = fc.array(fc.constantFrom(0, 1, 5, 125, 126, 300, 65_535, 65_536), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(lengths, fc.array(fc.nat(), { maxLength: 12 }), (sizes, cuts) => {
      const stream = Buffer.concat(sizes.flatMap((size) => [frameOf(size), Buffer.from([0x89, 0])]))
      const tally: Tally = { frames: 0, bytes: 0, onText: null }
      let pings = 0
      const counter = new FrameCounter(tally, () => (pings += 1))
      for (const piece of pieces(stream, cuts)) counter.add(piece, 0, piece.length)
      expect(tally).toMatchObject({ frames: sizes.length, bytes: stream.length })
      expect(pings).toBe(sizes.length)
    }),
  )
})

test('hands over the text of frames that come whole', () => {
  const seen: number[] = []
  const counter = new FrameCounter({ frames: 0, bytes: 0, onText: (_bytes, start, end) => void seen.push(end - start) }, () => {})
  const stream = Buffer.concat([frameOf(10), frameOf(200), frameOf(30)])
  counter.add(stream, 0, stream.length)
  expect(seen).toEqual([10, 200, 30])
})
