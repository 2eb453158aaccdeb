import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeControls } from './escape-controls.ts'
import { createPinoLogger } from './pino.ts'

/** Each character that a terminal obeys, or that changes how a line reads. */
const obeyed = (text: string): boolean =>
  Array.from(text, (character) => character.codePointAt(0) ?? 0).some(
    (code) => code < 0x20 || (code >= 0x7f && code < 0xa0) || others.has(code),
  )
const others = new Set([
  0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff,
])
const anyText = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xa0 }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('\u2028', '\u202e', '\u2066', '\ufeff', 'ž', '🔔', '"', '\\'),
  ),
})

function write(format: 'json' | 'text', fields: Readonly<Record<string, unknown>>): string {
  const lines: string[] = []
  const logger = createPinoLogger({
    level: 'debug',
    name: 'carillon-gateway',
    version: '1',
    format,
    destination: { write: (line) => void lines.push(line) },
  })
  logger.debug(fields, 'a constant message')
  return lines.join('')
}

describe('characters that a terminal obeys', () => {
  it('are shown as their escapes, and all other characters stay', () => {
    expect(escapeControls('\u001b[31mRED\u009b\u007f\u202e\t ž 🔔')).toBe('\\u001b[31mRED\\u009b\\u007f\\u202e\\u0009 ž 🔔')
  })

  it.each(['json', 'text'] as const)('are in no line of the format %s, for any fields, except the line break at its end', (format) => {
    const fields = fc.record({
      user: anyText,
      path: anyText,
      list: fc.array(anyText),
      nested: fc.dictionary(anyText, anyText),
      err: anyText.map((message) => new Error(message)),
    })
    fc.assert(
      fc.property(fields, (some) => {
        const line = write(format, some)
        expect([line.endsWith('\n'), obeyed(line.slice(0, -1))]).toEqual([true, false])
      }),
    )
  })

  it('mean the same in a line of JSON as they did before', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        fc.pre(!/ey|bearer|basic/i.test(text))
        expect(JSON.parse(write('json', { text }))).toMatchObject({ text })
      }),
    )
  })

  it('are quoted in a line for people', () => {
    expect(write('text', { user: '\u001b[31mRED', roles: ['a', '\u009b'] })).toMatch(
      / {2}user="\\u001b\[31mRED" {2}roles=\["a","\\u009b"\]\n$/,
    )
  })
})
