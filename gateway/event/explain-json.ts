import { isUtf8 } from 'node:buffer'
import type { DecodeFailure } from './decoded-record.ts'
import { byteOrderMarkLength } from './json-text.ts'

/** Most bytes that are searched for the place of an error. The search costs several times as much as parsing. */
export const maxSearchedBytes = 65_536

/**
 * Explains why bytes of a request are not JSON. They are empty, compressed, a form, in another encoding, or break the grammar at a line and
 * column (both from 1, in UTF-16 code units). The sentences follow "The body" or "data", and never quote the bytes.
 * @param failure the failure of `parseJson` for these bytes
 */
export function explainJson(bytes: Buffer, failure: DecodeFailure): string {
  if (bytes.length === 0) return 'is empty. Send JSON.'
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'is compressed (it begins as gzip does). Send it uncompressed.'
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return 'is UTF-16 (it begins with a byte order mark). Send UTF-8.'
  if (!isUtf8(bytes)) return 'is not UTF-8. Send JSON as UTF-8.'
  if (failure.reason === 'too-deep') return `is JSON that is too deep. ${failure.detail}`
  if (failure.reason === 'too-large') return `is JSON of too many parts. ${failure.detail}`
  if (bytes.length > maxSearchedBytes) return `is not JSON. The place of an error is searched for in ${maxSearchedBytes} bytes at most.`
  const text = bytes.toString('utf8', byteOrderMarkLength(bytes))
  const { at, expected } = findJsonError(text)
  if (at === 0 && /^[\w.%+-]+=/.test(text.slice(0, 256))) return 'is a form (name=value). Send JSON.'
  return `is not JSON: ${expected} was expected at line ${lineOf(text, at)}, column ${at - lineStart(text, at) + 1}.`
}

function lineOf(text: string, at: number): number {
  let line = 1
  for (let index = text.indexOf('\n'); index >= 0 && index < at; index = text.indexOf('\n', index + 1)) line += 1
  return line
}

const lineStart = (text: string, at: number): number => (at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1)

export interface JsonError {
  /** Index of the first character that breaks the grammar; the length of a text that ends too early. */
  readonly at: number
  /** The expected text there, as a noun phrase. */
  readonly expected: string
}

/**
 * Finds the place where a text stops being JSON (RFC 8259). JSON.parse reports the place for some errors only, and quotes the text for others.
 * Works without recursion, so that no depth overflows the stack.
 * @param text a text that JSON.parse refuses; for any other, `at` is the length of the text
 */
export function findJsonError(text: string): JsonError {
  const closers: string[] = []
  let state: State = 'value'
  let at = skipSpace(text, 0)
  while (at < text.length) {
    const step: Step = takeToken(text, at, state, closers)
    if ('expected' in step) return step
    state = step.state
    at = skipSpace(text, step.end)
  }
  return { at, expected: expectedIn(state, closers) }
}

/** The kind of text that may come next. `first value` and `first name` may also be the end of an empty list or object. */
type State = 'value' | 'first value' | 'first name' | 'name' | 'colon' | 'comma'
type Step = JsonError | { readonly end: number; readonly state: State }

function takeToken(text: string, at: number, state: State, closers: string[]): Step {
  const character = text[at] ?? ''
  const mayClose = state === 'comma' || state === 'first value' || state === 'first name'
  if (mayClose && closers.length > 0 && character === closers.at(-1)) {
    closers.pop()
    return { end: at + 1, state: 'comma' }
  }
  switch (state) {
    case 'colon':
      return character === ':' ? { end: at + 1, state: 'value' } : { at, expected: 'a colon' }
    case 'comma':
      if (character === ',' && closers.length > 0) return { end: at + 1, state: closers.at(-1) === '}' ? 'name' : 'value' }
      return { at, expected: expectedIn(state, closers) }
    case 'name':
    case 'first name':
      return character === '"' ? takeString(text, at, 'colon') : { at, expected: expectedIn(state, closers) }
    case 'value':
    case 'first value':
      return takeValue(text, at, closers)
  }
}

function takeValue(text: string, at: number, closers: string[]): Step {
  const character = text[at] ?? ''
  if (character === '"') return takeString(text, at, 'comma')
  if (character === '{' || character === '[') {
    closers.push(character === '{' ? '}' : ']')
    return { end: at + 1, state: character === '{' ? 'first name' : 'first value' }
  }
  const word = words.find((one) => text.startsWith(one, at))
  if (word !== undefined) return { end: at + word.length, state: 'comma' }
  startOfNumber.lastIndex = at
  const digits = startOfNumber.exec(text)?.[0] ?? ''
  if (digits === '') return { at, expected: 'a value' }
  const end = at + digits.length
  return /\d$/.test(digits) ? { end, state: 'comma' } : { at: end, expected: 'a digit' }
}

const words = ['true', 'false', 'null'] as const
/** Matches the beginning of a number, as far as it is valid. A number ends with a digit. */
const startOfNumber = /-?(?:(?:0|[1-9]\d*)(?:\.\d*)?(?:(?<=\d)[eE][+-]?\d*)?)?/y

function takeString(text: string, start: number, state: State): Step {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) return { end: at + 1, state }
    if (code < 0x20) return { at, expected: 'a string without control characters' }
    if (code !== backslash) continue
    at += 1
    if (at >= text.length) break
    if (text[at] !== 'u' && !'"\\/bfnrt'.includes(text[at] ?? ' ')) return { at, expected: 'an escape of JSON' }
    if (text[at] !== 'u') continue
    const digits = /^[0-9a-fA-F]{0,4}/.exec(text.slice(at + 1, at + 5))?.[0].length ?? 0
    at += digits
    if (digits < 4) return { at: at + 1, expected: 'a hexadecimal digit' }
  }
  return { at: text.length, expected: 'the end of a string' }
}

const quote = 0x22
const backslash = 0x5c

function expectedIn(state: State, closers: readonly string[]): string {
  const closer = closers.at(-1)
  switch (state) {
    case 'value':
      return 'a value'
    case 'first value':
      return 'a value or ]'
    case 'name':
      return 'a name in double quotes'
    case 'first name':
      return 'a name in double quotes or }'
    case 'colon':
      return 'a colon'
    case 'comma':
      return closer === undefined ? 'the end of the text' : `a comma or ${closer}`
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (isSpace(text.charCodeAt(at))) at += 1
  return at
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
