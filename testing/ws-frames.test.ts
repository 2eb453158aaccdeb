import fc from 'fast-check'
import { expect, test } from 'vitest'
import { websocketFraming } from '../gateway/adapters/ws/frame.ts'
import { FrameReader } from './ws-frames.ts'

const frameOf = (text: string): Buffer => Buffer.concat([websocketFraming.before(text.length, null), Buffer.from(text)])
const ping = Buffer.from([0x89, 0])
const close = Buffer.from([0x88, 2, 3, 232])

function readPieces(pieces: readonly Buffer[]): {
  readonly texts: readonly string[]
  readonly pings: number
  readonly closes: number
  readonly bytes: number
} {
  const seen = { texts: [] as string[], pings: 0, closes: 0, bytes: 0 }
  const reader = new FrameReader({
    message: (bytes, start, end) => void seen.texts.push(bytes.toString('latin1', start, end)),
    ping: () => void (seen.pings += 1),
    close: () => void (seen.closes += 1),
    bytes: (count) => void (seen.bytes += count),
  })
  for (const piece of pieces) reader.add(piece, 0, piece.length)
  return seen
}

function cutAt(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

test('FrameReader hands over every message and ping, however the stream is cut', () => {
  const lengths = fc.array(fc.constantFrom(0, 1, 5, 125, 126, 300, 65_535, 65_536), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(lengths, fc.array(fc.nat(), { maxLength: 12 }), (sizes, cuts) => {
      const texts = sizes.map((size, index) => String(index).repeat(size))
      const stream = Buffer.concat([...texts.flatMap((text) => [frameOf(text), ping]), close])
      expect(readPieces(cutAt(stream, cuts))).toEqual({ texts, pings: sizes.length, closes: 1, bytes: stream.length })
    }),
  )
})

test('FrameReader hands over messages that arrive byte by byte', () => {
  const stream = Buffer.concat([frameOf('a'.repeat(200)), ping, frameOf('b')])
  const pieces = [...stream].map((byte) => Buffer.from([byte]))
  expect(readPieces(pieces)).toEqual({ texts: ['a'.repeat(200), 'b'], pings: 1, closes: 0, bytes: stream.length })
})

test('FrameReader hands over binary messages as well', () => {
  const frame = frameOf('abc')
  frame[0] = 0x82
  expect(readPieces([frame]).texts).toEqual(['abc'])
})

test('FrameReader copies a cut frame, so that the caller can reuse its buffer', () => {
  const stream = frameOf('abc')
  const shared = Buffer.from(stream.subarray(0, 3))
  const texts: string[] = []
  const reader = new FrameReader({
    message: (bytes, start, end) => void texts.push(bytes.toString('latin1', start, end)),
    ping: () => {},
    close: () => {},
    bytes: () => {},
  })
  reader.add(shared, 0, 3)
  shared.fill(0)
  reader.add(stream, 3, stream.length)
  expect(texts).toEqual(['abc'])
})
