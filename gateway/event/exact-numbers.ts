import { randomBytes } from 'node:crypto'

/** The functions that ECMAScript's proposal "JSON.parse source text access" adds; TypeScript's library does not list them yet. */
interface RawJson {
  rawJSON(text: string): unknown
  isRawJSON(value: unknown): boolean
}

const rawJson = JSON as unknown as RawJson // Node 24 has it

/** Returns true for a number that a double cannot hold. JSON.stringify writes its original text. */
export const isExactNumber = (value: unknown): boolean => rawJson.isRawJSON(value)

/**
 * Parses JSON as JSON.parse does, but keeps numbers that a double cannot hold, as values that `isExactNumber` accepts.
 *
 * A reviver would do the same, but costs a call for each value of the text: 270 ms for a megabyte of small numbers. Here only those numbers are
 * exchanged for strings before the text is parsed, and exchanged back afterwards.
 * @throws SyntaxError when the text is not JSON
 */
export function parseExactly(text: string): unknown {
  const { withMarks, numbers } = exchange(text)
  const value: unknown = JSON.parse(withMarks)
  return numbers.length === 0 ? value : restore(value, numbers)
}

/** Prefix of the strings that replace numbers. It is random, so that a sender cannot know it. */
const mark = randomBytes(12).toString('base64')

function exchange(text: string): { readonly withMarks: string; readonly numbers: readonly unknown[] } {
  const numbers: unknown[] = []
  let withMarks = ''
  let copied = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at + 1)
    else if (isDigit(code)) {
      const end = endOfNumber(text, at)
      if (!isHeld(text, at, end)) {
        const start = text.charCodeAt(at - 1) === minus ? at - 1 : at
        refuseName(text, end)
        withMarks += `${text.slice(copied, start)}"${mark}${numbers.length}"`
        // rawJSON throws SyntaxError if the text is not a JSON number.
        numbers.push(rawJson.rawJSON(text.slice(start, end)))
        copied = end
      }
      at = end - 1
    }
  }
  return { withMarks: withMarks + text.slice(copied), numbers }
}

/** Returns the index of the closing quote, or one beyond the end. */
function endOfString(text: string, start: number): number {
  let index = start
  while (index < text.length && text.charCodeAt(index) !== quote) index += text.charCodeAt(index) === backslash ? 2 : 1
  return index
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && isOfNumber(text.charCodeAt(end))) end += 1
  return end
}

/** Number of decimal digits that every double keeps. */
export const exactDigits = 15
/** Length of the longest exponent, `e99`, with which a number of that many digits always fits a double. */
const smallExponentLength = 3

/** The least number that a double holds with all its digits (IEEE 754: binary64, normal numbers). */
const leastNormal = 2.2250738585072014e-308

/**
 * Returns true if a double keeps the number: it has few significant digits, or is written as JavaScript writes it. The result means nothing
 * for text that is not a number.
 */
function isHeld(text: string, start: number, end: number): boolean {
  const mantissaEnd = endOfMantissa(text, start, end)
  const digits = countDigits(text, start, mantissaEnd)
  if (digits <= exactDigits && end - mantissaEnd <= smallExponentLength) return true
  const source = text.slice(start, end)
  const value = Number(source)
  if (digits > exactDigits) return String(value) === source
  return Number.isFinite(value) && (Math.abs(value) >= leastNormal || digits === 0 || String(value) === source)
}

function endOfMantissa(text: string, start: number, end: number): number {
  for (let at = start; at < end; at += 1) if (text.charCodeAt(at) === smallE || text.charCodeAt(at) === capitalE) return at
  return end
}

/** Counts the digits of a number, without the zeros before the first other digit. */
function countDigits(text: string, start: number, end: number): number {
  let digits = 0
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at)
    if (isDigit(code) && (digits > 0 || code !== zero)) digits += 1
  }
  return digits
}

/** Throws if a colon follows. A number cannot be the name of a member, but the string that replaces it could. */
function refuseName(text: string, end: number): void {
  let at = end
  while (isSpace(text.charCodeAt(at))) at += 1
  if (text.charCodeAt(at) === colon) throw new SyntaxError('a number cannot be the name of a member')
}

/** Puts the numbers back in place. No other code has the value yet. */
function restore(value: unknown, numbers: readonly unknown[]): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? numbers[Number(value.slice(mark.length))] : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) if (mayHold(value[index])) value[index] = restore(value[index], numbers)
    return value
  }
  const members = value as Record<string, unknown> // parsed JSON that is not an array
  for (const name of Object.keys(members)) {
    if (!mayHold(members[name])) continue
    const restored = restore(members[name], numbers)
    if (restored === members[name]) continue
    // JSON may have a member `__proto__`, which an assignment would not write.
    if (name === '__proto__')
      Object.defineProperty(members, name, { value: restored, enumerable: true, configurable: true, writable: true })
    else members[name] = restored
  }
  return value
}

const mayHold = (value: unknown): boolean => typeof value === 'string' || (typeof value === 'object' && value !== null)

const isDigit = (code: number): boolean => code >= zero && code <= nine
const isOfNumber = (code: number): boolean =>
  isDigit(code) || code === point || code === smallE || code === capitalE || code === plus || code === minus
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

const zero = 0x30
const nine = 0x39
const point = 0x2e
const plus = 0x2b
const minus = 0x2d
const smallE = 0x65
const capitalE = 0x45
const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
