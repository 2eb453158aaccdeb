import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSseParser } from './sse-parser.ts'

function parse(chunks: readonly string[]): readonly (readonly [string, string])[] {
  const messages: (readonly [string, string])[] = []
  const feed = createSseParser((type, data) => messages.push([type, data]))
  for (const chunk of chunks) feed(chunk)
  return messages
}

describe('createSseParser', () => {
  it('reads data and type, and ignores comments, ids and unknown fields', () => {
    expect(parse([': hello\n:\nid: c1\nretry: 5\ndata: {"a":1}\n\nevent: close\ndata: {"code":4200}\n\n'])).toEqual([
      ['', '{"a":1}'],
      ['close', '{"code":4200}'],
    ])
  })

  it('reports nothing for a message without data, nor for an incomplete one', () => {
    expect(parse(['event: close\n\n', 'id: 1\n\n', 'data: x\n'])).toEqual([])
  })

  it('joins several lines of data', () => {
    expect(parse(['data: a\ndata: b\n\n'])).toEqual([['', 'a\nb']])
  })

  it('returns any JSON, however the stream is cut and its lines end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.json({ stringUnit: 'binary' }), { minLength: 1 }),
        fc.constantFrom('\n', '\r\n'),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (texts, eol, sizes) => {
          const stream = texts.map((text) => `id: c${eol}data: ${text}${eol}${eol}`).join('')
          const chunks: string[] = []
          for (let at = 0; at < stream.length;) {
            const size: number = sizes.next().value ?? 1
            chunks.push(stream.slice(at, at + size))
            at += size
          }
          expect(parse(chunks)).toEqual(texts.map((text) => ['', text]))
        },
      ),
    )
  })

  it('keeps line separators that are none in this format', () => {
    expect(parse(['data: "\u2028\u2029\u0085"\n\n'])).toEqual([['', '"\u2028\u2029\u0085"']])
  })
})
