import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventStreamReader } from './event-stream-reader.ts'

function read(pieces: readonly Buffer[]): { readonly blocks: readonly string[]; readonly bytes: number } {
  const seen = { blocks: [] as string[], bytes: 0 }
  const reader = new EventStreamReader({
    message: (bytes, start, end) => void seen.blocks.push(bytes.toString('utf8', start, end)),
    bytes: (count) => void (seen.bytes += count),
  })
  for (const piece of pieces) {
    // The caller's buffer has other bytes around it, and is used again.
    const shared = Buffer.concat([Buffer.from('xx'), piece, Buffer.from('yy')])
    reader.add(shared, 2, shared.length - 2)
    shared.fill(0)
  }
  return seen
}

test('an event stream is read block by block, however it is cut', () => {
  const blocks = [': hi', 'id: 1:0\ndata: {"a":"ü"}', 'data: b']
  const stream = Buffer.from(`${blocks.join('\n\n')}\n\n`)
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
      const pieces = places.slice(1).map((end, index) => stream.subarray(places[index], end))
      expect(read(pieces)).toEqual({ blocks, bytes: stream.length })
    }),
  )
})

test('a block without its blank line waits', () => {
  expect(read([Buffer.from('data: a\n\ndata: b\n')])).toEqual({ blocks: ['data: a'], bytes: 17 })
})
