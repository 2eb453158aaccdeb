import { isUtf8 } from 'node:buffer'
import { failed, ok, type Result } from '../result.ts'
import type { DecodeFailure } from './decoded-record.ts'

/** Deeper JSON is refused: what we parse we may have to write again, and browsers must parse it, too. */
export const maxJsonDepth = 64

/** Parses bytes as JSON, after the questions that JSON.parse does not ask. Never throws. */
export function parseJson(bytes: Buffer): Result<unknown, DecodeFailure> {
  if (!isUtf8(bytes)) return failed({ reason: 'invalid-utf8', detail: 'The bytes are not UTF-8.' })
  if (isDeeperThan(bytes, maxJsonDepth)) return failed({ reason: 'too-deep', detail: `The JSON is nested deeper than ${maxJsonDepth} levels.` })
  try {
    return ok(JSON.parse(bytes.toString()))
  } catch {
    // JSON.parse throws SyntaxError only; its message quotes the text, which is nobody's business.
    return failed({ reason: 'not-json', detail: 'The bytes are not JSON.' })
  }
}

/** Counts brackets outside strings; right for JSON, and at least bounded for anything else. */
function isDeeperThan(bytes: Buffer, maxDepth: number): boolean {
  let depth = 0
  let isInString = false
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index]
    if (isInString) {
      if (byte === backslash) index += 1
      else if (byte === quote) isInString = false
    } else if (byte === quote) isInString = true
    else if (byte === openBrace || byte === openBracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) depth -= 1
    if (depth > maxDepth) return true
  }
  return false
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** In valid JSON a raw line break is white space between tokens; as a blank it keeps the text on one line, which SSE needs. */
export function onOneLine(json: string): string {
  return json.replace(/[\r\n]/g, ' ')
}

export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)
