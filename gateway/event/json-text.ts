import { isUtf8 } from 'node:buffer'
import { failed, ok, type Result } from '../result.ts'
import type { DecodeFailure } from './decoded-record.ts'

/** Deeper JSON is refused: what we parse we may have to write again, and browsers must parse it, too. */
export const maxJsonDepth = 64

/**
 * Parses bytes as JSON, after the questions that JSON.parse does not ask. Never throws. A byte order mark before the JSON is ignored, as
 * RFC 8259, section 8.1, allows. A number that a double cannot hold is no number
 * in the result but something that JSON.stringify writes as it was, so that an id of 20 digits passes through unharmed.
 */
export function parseJson(bytes: Buffer): Result<unknown, DecodeFailure> {
  if (!isUtf8(bytes)) return failed({ reason: 'invalid-utf8', detail: 'The bytes are not UTF-8.' })
  const survey = surveyJson(bytes)
  if (survey.isTooDeep) return failed({ reason: 'too-deep', detail: `The JSON is nested deeper than ${maxJsonDepth} levels.` })
  try {
    const text = byteOrderMarkLength(bytes) === 0 ? bytes.toString() : bytes.toString('utf8', 3)
    return ok(survey.hasLongNumbers ? exactJson.parse(text, keepNumber) : JSON.parse(text))
  } catch {
    // JSON.parse throws SyntaxError only; its message quotes the text, which is nobody's business.
    return failed({ reason: 'not-json', detail: 'The bytes are not JSON.' })
  }
}

/** Returns how many bytes of a UTF-8 byte order mark the bytes begin with: 3 or 0. */
export const byteOrderMarkLength = (bytes: Buffer): 0 | 3 => (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0)

interface JsonSurvey {
  readonly isTooDeep: boolean
  /** Whether there may be numbers that a double cannot hold: they have more than 15 digits, or an exponent. */
  readonly hasLongNumbers: boolean
}

/** Looks at brackets and digits outside strings; right for JSON, and at least bounded for anything else. */
function surveyJson(bytes: Buffer): JsonSurvey {
  let depth = 0
  let hasLongNumbers = false
  let numberLength = 0
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0
    if (isDigitOrPoint(byte)) {
      numberLength += 1
      if (numberLength > exactDigits) hasLongNumbers = true
      continue
    }
    if (numberLength > 0 && (byte === smallE || byte === capitalE)) hasLongNumbers = true
    numberLength = 0
    if (byte === quote) index = endOfString(bytes, index + 1)
    else if (byte === openBrace || byte === openBracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) depth -= 1
    if (depth > maxJsonDepth) return { isTooDeep: true, hasLongNumbers }
  }
  return { isTooDeep: false, hasLongNumbers }
}

/** The index of the closing quote, or one beyond the end. */
function endOfString(bytes: Buffer, start: number): number {
  let index = start
  while (index < bytes.length && bytes[index] !== quote) index += bytes[index] === backslash ? 2 : 1
  return index
}

/** Decimal digits that every double gives back as they were. */
const exactDigits = 15

const isDigitOrPoint = (byte: number): boolean => (byte >= zero && byte <= nine) || byte === point

const zero = 0x30
const nine = 0x39
const point = 0x2e
const smallE = 0x65
const capitalE = 0x45
const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** What ECMAScript's JSON.parse source text access adds; TypeScript's library does not list it yet. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
  rawJSON(text: string): unknown
  isRawJSON(value: unknown): boolean
}

const exactJson = JSON as unknown as ExactJson // Node 24 has it

function keepNumber(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value !== 'number' || source === undefined || isExact(value, source) ? value : exactJson.rawJSON(source)
}

function isExact(value: number, source: string): boolean {
  const [mantissa = ''] = source.split(/e/i)
  const digits = mantissa.replace(/\D/g, '').replace(/^0+/, '')
  return Number.isFinite(value) && (value === 0 ? digits === '' : digits.length <= exactDigits || String(value) === source)
}

/** In valid JSON a raw line break is white space between tokens; as a blank it keeps the text on one line, which SSE needs. */
export function onOneLine(json: string): string {
  return json.replace(/[\r\n]/g, ' ')
}

export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value) && !exactJson.isRawJSON(value)
