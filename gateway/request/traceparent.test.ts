import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTraceparent, parseTraceparent } from './traceparent.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const id = (length: number): fc.Arbitrary<string> => hex(length).filter((text) => !/^0*$/.test(text))

describe('reading a traceparent', () => {
  it.each([
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, false],
    [`00-${traceId}-${spanId}-ff`, true],
    [`00-${traceId}-${spanId}-02`, false],
    [`01-${traceId}-${spanId}-01`, true],
    [`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`, true],
  ])('takes %s', (text, isSampled) => {
    expect(parseTraceparent(text)).toEqual({ traceId, spanId, isSampled })
  })

  it.each([
    ['nothing', ''],
    ['words', 'not a traceparent'],
    ['the forbidden version', `ff-${traceId}-${spanId}-01`],
    ['more than version 00 has', `00-${traceId}-${spanId}-01-more`],
    ['a line break at the end', `00-${traceId}-${spanId}-01\n`],
    ['blanks around it', ` 00-${traceId}-${spanId}-01`],
    ['a future version that goes on without a dash', `cc-${traceId}-${spanId}-01.more`],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['a short trace id', `00-${traceId.slice(1)}-${spanId}-01`],
    ['a digit that is none', `00-${traceId.slice(1)}g-${spanId}-01`],
    ['no flags', `00-${traceId}-${spanId}`],
    ['half of the flags', `00-${traceId}-${spanId}-0`],
    ['a tail that is too long', `cc-${traceId}-${spanId}-01-${'x'.repeat(500)}`],
  ])('finds no parent in %s', (_what, text) => {
    expect(parseTraceparent(text)).toBe(null)
  })

  it('returns the context that was written', () => {
    const context = fc.record({ traceId: id(32), spanId: id(16), isSampled: fc.boolean() })
    fc.assert(
      fc.property(context, (given) => {
        expect(parseTraceparent(formatTraceparent(given))).toEqual(given)
      }),
    )
  })

  it('never throws, and each traceparent that it accepts is written as a valid version 00', () => {
    const nearly = fc
      .tuple(hex(2), fc.oneof(hex(32), fc.string()), hex(16), hex(2), fc.constantFrom('', '-', '-x'))
      .map(([version, trace_, span, flags, rest]) => `${version}-${trace_}-${span}-${flags}${rest}`)
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        const context = parseTraceparent(text)
        return context === null || parseTraceparent(formatTraceparent(context)) !== null
      }),
    )
  })
})
