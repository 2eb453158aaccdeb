import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serverFrame } from '../testing/faulty-server.ts'
import { clientFrame, createFrameReader, maxFragments, maxMessageBytes, type Frame } from './read-frames.ts'

function framesOf(bytes: Buffer, size: number): readonly Frame[] {
  const read = createFrameReader()
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => read(bytes.subarray(at * size, (at + 1) * size))).flat()
}

function withMaskBit(head: Buffer): Buffer {
  const masked = Buffer.from(head)
  masked[1] = (masked[1] ?? 0) | 0x80
  return masked
}

describe('the frames of a server', () => {
  it('end when a message has too many empty fragments', () => {
    const read = createFrameReader()
    expect(read(Buffer.alloc(2 * maxFragments)).at(-1)).toBeUndefined()
    expect(read(Buffer.alloc(4)).at(-1)?.kind).toBe('end')
  })

  it('are read from chunks of any size', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 })
    fc.assert(
      fc.property(fc.array(text), fc.integer({ min: 1, max: 50 }), (texts, size) => {
        const bytes = Buffer.concat(texts.map((one) => serverFrame(1, Buffer.from(one))))
        expect(framesOf(bytes, size)).toEqual(texts.map((one) => ({ kind: 'text', text: one })))
      }),
    )
  })

  it('may be long, fragmented, and with a ping in between', () => {
    const long = 'x'.repeat(70_000)
    const bytes = Buffer.concat([
      serverFrame(1, Buffer.from(long), false),
      serverFrame(9, Buffer.from('p')),
      serverFrame(0, Buffer.from('end')),
      serverFrame(8, Buffer.concat([Buffer.from([0x10, 0x68]), Buffer.from('bye')])),
    ])
    expect(framesOf(bytes, 1_000)).toEqual([
      { kind: 'ping', payload: Buffer.from('p') },
      { kind: 'text', text: `${long}end` },
      { kind: 'close', code: 4200, reason: 'bye' },
    ])
  })

  it.each([
    ['masked', Buffer.from([0x81, 0x80, 0, 0, 0, 0])],
    ['compressed', Buffer.from([0xc1, 0x00])],
    ['of HTTP', Buffer.from('HTTP/1.1 200 OK')],
    ['too large', Buffer.from([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0])],
    ['not UTF-8', serverFrame(1, Buffer.from([0xff]))],
    ['a long ping', serverFrame(9, Buffer.alloc(126))],
    ['a ping in fragments', serverFrame(9, Buffer.alloc(1), false)],
  ])('that are %s end the reading', (_fault, bytes) => {
    expect(framesOf(bytes, bytes.length).at(-1)).toMatchObject({ kind: 'end' })
  })

  it('end the reading when the fragments of one message are too large together', () => {
    const read = createFrameReader()
    const half = Buffer.alloc(maxMessageBytes / 2)
    expect([read(serverFrame(1, half, false)), read(serverFrame(0, half, false))]).toEqual([[], []])
    expect(read(serverFrame(0, Buffer.from('x'), false))).toMatchObject([{ kind: 'end' }])
  })

  it('keep the bytes of a binary message', () => {
    const bytes = Buffer.concat([serverFrame(2, Buffer.from([0xff]), false), serverFrame(0, Buffer.from([0xfe]))])
    expect(framesOf(bytes, 3)).toEqual([{ kind: 'binary', payload: Buffer.from([0xff, 0xfe]) }])
  })

  it.each([125, 126, 65_535, 65_536])('are answered with masked frames of %d bytes, as a server reads them', (length) => {
    const frame = clientFrame(1, Buffer.alloc(length, 7), Buffer.alloc(4))
    expect(frame).toEqual(
      Buffer.concat([withMaskBit(serverFrame(1, Buffer.alloc(length, 7)).subarray(0, -length)), Buffer.alloc(4), Buffer.alloc(length, 7)]),
    )
  })

  it('are answered with masked frames', () => {
    expect(clientFrame(0xa, Buffer.from('ab'), Buffer.from([1, 2, 3, 4]))).toEqual(Buffer.from([0x8a, 0x82, 1, 2, 3, 4, 0x60, 0x60]))
  })
})
