import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as ws from 'ws'
import { websocketFraming } from './frame.ts'

const edges = [0, 1, 125, 126, 127, 128, 255, 256, 65_535, 65_536, 65_537, 200_000]

interface Parser {
  on(event: 'message', listener: (content: Buffer, isBinary: boolean) => void): void
  write(bytes: Buffer): boolean
}

/** The parts that ws itself parses and frames with. It exports them, but its types do not. */
const { Receiver, Sender } = ws as unknown as {
  readonly Receiver: new () => Parser
  readonly Sender: { frame(content: Buffer, options: object): Buffer[] }
}

function parse(bytes: Buffer): { readonly text: string; readonly isBinary: boolean }[] {
  const messages: { text: string; isBinary: boolean }[] = []
  const parser = new Receiver()
  parser.on('message', (content, isBinary) => messages.push({ text: content.toString(), isBinary }))
  parser.write(bytes)
  return messages
}

const frameOf = (json: Buffer): Buffer => Buffer.concat([websocketFraming.before(json.length, null), json, websocketFraming.after])

describe('the frame of an event', () => {
  test.each(edges)('is the one that the Sender of ws makes of %i bytes', (bytes) => {
    const json = Buffer.alloc(bytes, 'x')
    const expected = Buffer.concat(Sender.frame(json, { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: true }))
    expect(frameOf(json).equals(expected)).toBe(true)
  })

  test('is read back by the Receiver of ws for any text, also when many frames are one write', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...edges).map((length) => 'x'.repeat(length)),
    )
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (texts) => {
        const wellFormed = texts.map((one) => one.toWellFormed())
        const bytes = Buffer.concat(wellFormed.map((one) => frameOf(Buffer.from(one))))
        expect(parse(bytes)).toEqual(wellFormed.map((one) => ({ text: one, isBinary: false })))
      }),
    )
  })

  test('has its length in 64 bits beyond 32 bits', () => {
    const header = websocketFraming.before(2 ** 33 + 5, null)
    expect(header.readBigUInt64BE(2)).toBe(2n ** 33n + 5n)
    expect(header.subarray(0, 2)).toEqual(Buffer.from([0x81, 127]))
  })

  test('is the same with a cursor, which is in the JSON', () => {
    expect(websocketFraming.before(300, 'abc')).toEqual(websocketFraming.before(300, null))
  })
})
