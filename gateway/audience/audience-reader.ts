import { isUtf8 } from 'node:buffer'
import { failed, type Result } from '../result.ts'
import type { Audience } from './audience.ts'
import { type AudienceLimits, parseWholeAudience } from './parse-audience.ts'

export interface AudienceReaderOptions extends AudienceLimits {
  /** How many texts are remembered, at most twice that for a moment. @default 4096 */
  readonly cacheSize?: number
}

/** Reads the UTF-8 text of an audience: compact JSON, as in the header `ce_audience`. */
export type AudienceReader = (text: Buffer) => Result<Audience | null, string>

/** Longer texts are parsed each time, so that the memory of the cache has a bound: cacheSize x 2 x this. */
const maxCachedBytes = 1024

/**
 * A reader with a memory: a channel's events are for the same few audiences again and again, and parsing is what costs on the way
 * of a record that concerns nobody here. Two generations of a map: the younger one takes what is read, and becomes the older one
 * when it is full; what is asked for again comes back into the younger one. So the least recently used go first, and a hit costs one look-up.
 */
export function createAudienceReader({ maxNames, cacheSize = 4096 }: AudienceReaderOptions): AudienceReader {
  let younger = new Map<string, Result<Audience | null, string>>()
  let older: typeof younger = new Map()
  const limits = { maxNames }
  return (text) => {
    if (text.length > maxCachedBytes) return parseAudienceText(text, limits)
    // Latin-1 maps bytes to characters one to one: a key for any bytes, and the cheapest there is.
    const key = text.latin1Slice()
    const known = younger.get(key)
    if (known !== undefined) return known
    const result = older.get(key) ?? parseAudienceText(text, limits)
    if (younger.size >= cacheSize) [older, younger] = [younger, new Map()]
    younger.set(key, result)
    return result
  }
}

/** Parses the UTF-8 text of an audience. The error is a sentence that never contains the text. */
export function parseAudienceText(text: Buffer, limits: AudienceLimits): Result<Audience | null, string> {
  if (!isUtf8(text)) return failed('The audience is not UTF-8.')
  let value: unknown
  try {
    value = JSON.parse(text.utf8Slice())
  } catch {
    // A SyntaxError, whose message would quote the text.
    return failed('The audience is not JSON; expected an object with any of broadcast, users, usernames, organizations, roles.')
  }
  return parseWholeAudience(value, limits)
}
