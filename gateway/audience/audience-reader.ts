import { failed, type Result } from '../../program/result.ts'
import type { Audience } from './audience.ts'
import { audienceMembers, type AudienceLimits, parseWholeAudience } from './parse-audience.ts'
import { repeatsMember } from './repeated-members.ts'

export interface AudienceReaderOptions extends AudienceLimits {
  /** Most texts in one generation of the cache. There are two generations. @default 16384 */
  readonly cacheSize?: number
}

/** Reads the text of an audience: compact JSON, as in the header `ce_audience`. */
export type AudienceReader = (text: string) => Result<Audience | null, string>

/**
 * Longest cached text, in UTF-16 code units: five or six names. Longer texts are parsed each time, which bounds the memory of the cache: twice
 * its size, times this, and as much again for the results. That is 40 MB at worst, and 5 MB for 10,000 users.
 */
export const maxCachedLength = 256

/** Texts of one generation. */
export const defaultCacheSize = 16_384

/**
 * Makes a reader with a cache. A channel's events repeat the same few audiences, and parsing is the main cost of a record without a recipient on
 * this pod. The cache has two generations of a map. The younger one takes each text that is read, and becomes the older one when it is full.
 * So the least recently used texts go first, and a hit costs one look-up.
 */
export function createAudienceReader({ maxAudienceNames, cacheSize = defaultCacheSize }: AudienceReaderOptions): AudienceReader {
  let younger = new Map<string, Result<Audience | null, string>>()
  let older: typeof younger = new Map()
  const limits = { maxAudienceNames }
  return (text) => {
    if (text.length > maxCachedLength) return parseAudienceText(text, limits)
    const known = younger.get(text)
    if (known !== undefined) return known
    const result = older.get(text) ?? parseAudienceText(text, limits)
    if (younger.size >= cacheSize) [older, younger] = [younger, new Map()]
    younger.set(text, result)
    return result
  }
}

/** Parses the text of an audience. The error is a sentence that never quotes the text. */
export function parseAudienceText(text: string, limits: AudienceLimits): Result<Audience | null, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // A SyntaxError, whose message would quote the text.
    return failed(`audience must be a JSON object with any of ${audienceMembers.join(', ')}.`)
  }
  if (repeatsMember(Buffer.from(text), value)) return failed('audience has a member twice. Only one of the two would count.')
  return parseWholeAudience(value, limits)
}
