import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isJsonObject, leastMaxLongNumbers, leastMaxNames, maxJsonDepth, onOneLine, parseJson } from './json-text.ts'

const parse = (text: string | Buffer) => parseJson(Buffer.from(text as string)) // Buffer.from takes both; its overloads do not say so together
const verdict = (text: string | Buffer): string => {
  const parsed = parse(text)
  return parsed.ok ? 'ok' : parsed.error.reason
}
const rewritten = (text: string): string => {
  const parsed = parse(text)
  return parsed.ok ? JSON.stringify(parsed.value) : parsed.error.reason
}
const nested = (levels: number, open = '[', close = ']'): string => open.repeat(levels) + close.repeat(levels)

describe('parseJson', () => {
  it('parses what JSON.parse parses', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 8 }), (text) => void expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) })))
  })

  it('has an answer to any bytes, and agrees with JSON.parse on those that are text', () => {
    const almostJson = fc
      .tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 }))
      .map(([json, at, other]) => json.slice(0, at % json.length) + other + json.slice((at % json.length) + 1))
    const isJson = (one: string): boolean => {
      try {
        JSON.parse(one)
        return true
      } catch {
        return false // a SyntaxError
      }
    }
    const text = fc.oneof(fc.string(), almostJson).filter((one) => one.isWellFormed())
    fc.assert(
      fc.property(text, (one) => void expect(verdict(one)).toBe(isJson(one) ? 'ok' : 'not-json')),
      { numRuns: 1_000 },
    )
    fc.assert(
      fc.property(
        fc.uint8Array(),
        (bytes) => void expect(['ok', 'not-json', 'invalid-utf8', 'too-deep']).toContain(verdict(Buffer.from(bytes))),
      ),
    )
  })

  it.each([[[0xff]], [[0x22, 0xc3, 0x28, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]], [[0x22, 0xc0, 0x80, 0x22]]])(
    'refuses %j: no UTF-8',
    (bytes) => {
      expect(verdict(Buffer.from(bytes))).toBe('invalid-utf8')
    },
  )

  it('allows as many levels as it says, and refuses one more, or 10,000, or a million that never end', () => {
    const texts = [
      nested(maxJsonDepth),
      nested(maxJsonDepth + 1),
      nested(maxJsonDepth + 1, '{"a":', '}'),
      nested(10_000),
      '['.repeat(1_000_000),
      '[[[]'.repeat(100),
    ]
    expect(texts.map(verdict)).toEqual(['ok', 'too-deep', 'too-deep', 'too-deep', 'too-deep', 'too-deep'])
  })

  it('does not count brackets in strings, nor those that were closed', () => {
    expect([JSON.stringify('['.repeat(1000)), JSON.stringify(`\\"${'{'.repeat(1000)}`), `[${'[],'.repeat(1000)}[]]`].map(verdict)).toEqual([
      'ok',
      'ok',
      'ok',
    ])
  })

  it('allows 50,000 members of objects and 60,000 long numbers, and refuses one more of each', () => {
    const members = (count: number): string => `[${Array.from({ length: count }, () => '{"":1}').join(',')}]`
    const numbers = (count: number): string => `[${Array.from({ length: count }, () => '1e1').join(',')}]`
    expect(
      [members(leastMaxNames), members(leastMaxNames + 1), numbers(leastMaxLongNumbers), numbers(leastMaxLongNumbers + 1)].map(verdict),
    ).toEqual(['ok', 'too-large', 'ok', 'too-large'])
  })

  it('allows a longer text more of them: a member in 20 bytes, a long number in 16', () => {
    const text = (unit: string, count: number): string => `[${`${unit},`.repeat(count)}1]`
    expect(
      [
        text('{"a":"123456789012"}', 60_000),
        text('{"a":"12345678"}', 60_000),
        text('1234567890123456', 70_000),
        text('123456789012e1', 70_000),
      ].map(verdict),
    ).toEqual(['ok', 'too-large', 'ok', 'too-large'])
  })

  it('never quotes the refused text', () => {
    expect(parse('{"secret":')).toEqual({ ok: false, error: { reason: 'not-json', detail: expect.not.stringContaining('secret') } })
  })
})

describe('numbers', () => {
  it.each([
    '12345678901234567890',
    '-9007199254740993',
    '1e400',
    '-1e400',
    '1e-400',
    '0.12345678901234567891',
    '3.14159265358979323846',
    '1234567890123456789.5E10',
  ])('that no double holds are written as they were: %s', (number) => {
    expect([rewritten(number), rewritten(`{"a":[${number},"${number}"]}`)]).toEqual([number, `{"a":[${number},"${number}"]}`])
  })

  it.each(['0', '-1', '1.5', '9007199254740991', '123456789012345', '1e3', '2E-2', '0.1', '0e5', '1.7976931348623157e+308'])(
    'that a double holds are numbers: %s',
    (number) => {
      expect(parse(number)).toEqual({ ok: true, value: Number(number) })
      expect(parse(`[${number},12345678901234567890]`)).toMatchObject({ value: [Number(number), {}] })
    },
  )

  it('are the same again for any double', () => {
    const doubles = fc.array(fc.oneof(fc.double({ noDefaultInfinity: true, noNaN: true }), fc.maxSafeInteger()))
    fc.assert(fc.property(doubles, (numbers) => void expect(rewritten(JSON.stringify(numbers))).toBe(JSON.stringify(numbers))))
  })

  it('of any length keep every digit', () => {
    fc.assert(fc.property(fc.bigInt(), (number) => void expect(rewritten(`{"a":${number}}`)).toBe(`{"a":${number}}`)))
  })

  it('are not objects, even when they are too long for a number', () => {
    const long = parse('12345678901234567890')
    expect([long.ok, long.ok && isJsonObject(long.value)]).toEqual([true, false])
  })
})

describe('onOneLine', () => {
  it('changes the layout of JSON, and nothing that it says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('\n', '\r\n', '\r'), (value, lineBreak) => {
        const line = onOneLine(JSON.stringify(value, null, 2).replaceAll('\n', lineBreak))
        expect(line).not.toMatch(/[\r\n]/)
        expect(JSON.stringify(JSON.parse(line))).toBe(JSON.stringify(value))
      }),
    )
  })
})
