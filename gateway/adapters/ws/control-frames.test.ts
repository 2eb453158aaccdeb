import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pingFrame, pongFrame, readControlFrame } from './control-frames.ts'
import { decodeFrame, encodeFrame } from './testing/raw-client.ts'

const content = fc.uint8Array({ maxLength: 125 }).map((bytes) => Buffer.from(bytes))

describe('the control frames of a client', () => {
  it('are read with their content, whatever follows them', () => {
    fc.assert(
      fc.property(content, fc.boolean(), fc.uint8Array({ maxLength: 20 }), (payload, isPing, more) => {
        const frame = encodeFrame({ opcode: isPing ? 9 : 10, payload })
        expect(readControlFrame(Buffer.concat([frame, more]))).toEqual({
          kind: isPing ? 'ping' : 'pong',
          // Nothing needs that of a pong.
          content: isPing ? payload : Buffer.alloc(0),
          bytes: frame.length,
        })
      }),
    )
  })

  it('are left to ws where a part is missing', () => {
    const frame = encodeFrame({ opcode: 9, payload: Buffer.from('ping') })
    for (let length = 0; length < frame.length; length += 1) expect(readControlFrame(frame.subarray(0, length))).toBeNull()
  })

  it.each([
    ['without a mask', { opcode: 9, isMasked: false, payload: Buffer.alloc(8) }],
    ['in fragments', { opcode: 9, isFinal: false }],
    ['that closes', { opcode: 8 }],
    ['with text', { opcode: 1 }],
    ['that continues', { opcode: 0 }],
    ['that is reserved', { opcode: 11 }],
    ['with too much content', { opcode: 9, payload: Buffer.alloc(126) }],
  ])('are none if they are frames %s', (_, shape) => {
    expect(readControlFrame(encodeFrame(shape))).toBeNull()
  })

  it('are none with a reserved bit', () => {
    const frame = encodeFrame({ opcode: 9 })
    for (const bit of [0x10, 0x20, 0x40]) expect(readControlFrame(Buffer.concat([Buffer.from([0x89 | bit]), frame.subarray(1)]))).toBeNull()
  })
})

describe('the control frames of a gateway', () => {
  it('are a ping without content, and pongs with that of the ping', () => {
    expect(decodeFrame(pingFrame)).toEqual({ value: { opcode: 9, isFinal: true, payload: Buffer.alloc(0) }, bytes: 2 })
    fc.assert(
      fc.property(content, (payload) => {
        expect(decodeFrame(pongFrame(payload))).toEqual({ value: { opcode: 10, isFinal: true, payload }, bytes: payload.length + 2 })
      }),
    )
  })
})
