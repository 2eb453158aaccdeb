import { isUtf8 } from 'node:buffer'
import { isRecord } from '../../program/is-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { DecodeFailure } from './decoded-record.ts'
import { exactDigits, isExactNumber, parseExactly } from './exact-numbers.ts'

/** Deepest JSON that is accepted. The gateway may have to write it again, and browsers must parse it, too. */
export const maxJsonDepth = 64

/**
 * Parses bytes as JSON, after checks that JSON.parse does not make. Never throws. A byte order mark before the JSON is ignored, as RFC 8259,
 * section 8.1, allows. A number that a double cannot hold becomes an object that JSON.stringify writes with its original text. So an id of
 * 20 digits stays exact.
 */
export function parseJson(bytes: Buffer): Result<unknown, DecodeFailure> {
  if (!isUtf8(bytes)) return failed({ reason: 'invalid-utf8', detail: 'The bytes are not UTF-8.' })
  const survey = surveyJson(bytes)
  if (isTooMuch(survey, bytes.length)) return failed(tooMuch)
  if (survey.isTooDeep) return failed({ reason: 'too-deep', detail: `The JSON is nested deeper than ${maxJsonDepth} levels.` })
  try {
    const text = byteOrderMarkLength(bytes) === 0 ? bytes.toString() : bytes.toString('utf8', 3)
    return ok(survey.longNumbers > 0 ? parseExactly(text) : JSON.parse(text))
  } catch {
    // JSON.parse throws only SyntaxError, whose message quotes the text.
    return failed({ reason: 'not-json', detail: 'The bytes are not JSON.' })
  }
}

/** Returns how many bytes of a UTF-8 byte order mark the bytes begin with: 3 or 0. */
export const byteOrderMarkLength = (bytes: Buffer): 0 | 3 => (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0)

/**
 * Most members of objects that a text may have. Members, and numbers of more than 15 digits or with an exponent, cost far more than their
 * bytes: a megabyte of them would block the event loop. A longer text may have more. Members and numbers of usual length never reach the limit.
 */
export const leastMaxNames = 50_000
const bytesPerName = 20
export const leastMaxLongNumbers = 60_000
const bytesPerLongNumber = 16
/**
 * JSON of fewer bytes cannot have too many members or long numbers. A member takes at least 5 bytes (`"":1,`), a long number at least 4
 * (`1e5,`).
 */
export const surelyParsedBytes = Math.min(5 * leastMaxNames, 4 * leastMaxLongNumbers)
const tooMuch: DecodeFailure = {
  reason: 'too-large',
  detail: `The JSON has more than ${leastMaxNames.toLocaleString('en-US')} members of objects, or more than ${leastMaxLongNumbers.toLocaleString('en-US')} numbers of more than ${exactDigits} digits or with an exponent.`,
}

const isTooMuch = ({ names, longNumbers }: JsonSurvey, bytes: number): boolean =>
  names > Math.max(leastMaxNames, bytes / bytesPerName) || longNumbers > Math.max(leastMaxLongNumbers, bytes / bytesPerLongNumber)

interface JsonSurvey {
  readonly isTooDeep: boolean
  /** Count of numbers with more than 15 digits or an exponent, which a double may not hold. */
  readonly longNumbers: number
  /** Count of the members of all objects. */
  readonly names: number
}

/** Counts brackets and digits outside strings. Correct for JSON, and at least bounded for other text. */
function surveyJson(bytes: Buffer): JsonSurvey {
  let [depth, longNumbers, names] = [0, 0, 0]
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0
    if (byte === quote) index = endOfString(bytes, index + 1)
    else if (isDigitOrPoint(byte)) {
      const end = endOfDigits(bytes, index + 1)
      if (end - index > exactDigits || bytes[end] === smallE || bytes[end] === capitalE) longNumbers += 1
      index = end - 1
    } else if (byte === openBrace || byte === openBracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) depth -= 1
    else if (byte === colon) names += 1
    if (depth > maxJsonDepth) return { isTooDeep: true, longNumbers, names }
  }
  return { isTooDeep: false, longNumbers, names }
}

/** Returns the index of the closing quote, or one beyond the end. */
function endOfString(bytes: Buffer, start: number): number {
  let index = start
  while (index < bytes.length && bytes[index] !== quote) index += bytes[index] === backslash ? 2 : 1
  return index
}

/** Returns the index of the first byte that is neither a digit nor a point. */
function endOfDigits(bytes: Buffer, start: number): number {
  let index = start
  while (index < bytes.length && isDigitOrPoint(bytes[index] ?? 0)) index += 1
  return index
}

const isDigitOrPoint = (byte: number): boolean => (byte >= zero && byte <= nine) || byte === point

const zero = 0x30
const nine = 0x39
const point = 0x2e
const smallE = 0x65
const capitalE = 0x45
const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** Replaces line breaks by blanks, because SSE needs one line. In valid JSON a raw line break is white space between tokens. */
export function onOneLine(json: string): string {
  return json.replace(/[\r\n]/g, ' ')
}

export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> => isRecord(value) && !isExactNumber(value)
