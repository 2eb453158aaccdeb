import { failed, type Result } from '../../program/result.ts'
import type { Audience } from './audience.ts'
import { audienceMembers, type AudienceLimits, parseWholeAudience } from './parse-audience.ts'
import { repeatsMember } from './repeated-members.ts'

export interface AudienceReaderOptions extends AudienceLimits {
  /** How many texts are remembered, at most twice that for a moment. @default 16384 */
  readonly cacheSize?: number
}

/** Reads the text of an audience: compact JSON, as in the header `ce_audience`. */
export type AudienceReader = (text: string) => Result<Audience | null, string>

/**
 * In UTF-16 code units: five or six names. Longer texts are parsed each time, so that the memory of the cache has a bound: twice its size,
 * times this, and as much again for what was read; 40 MB when everybody tries, and some 5 MB for 10,000 users.
 */
export const maxCachedLength = 256

/** Texts of one generation. */
export const defaultCacheSize = 16_384

/**
 * A reader with a memory: a channel's events are for the same few audiences again and again, and parsing is what costs on the way
 * of a record that concerns nobody here. Two generations of a map: the younger one takes what is read, and becomes the older one
 * when it is full; what is asked for again comes back into the younger one. So the least recently used go first, and a hit costs one look-up.
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

/** Parses the text of an audience. The error is a sentence that never contains the text. */
export function parseAudienceText(text: string, limits: AudienceLimits): Result<Audience | null, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // A SyntaxError, whose message would quote the text.
    return failed(`audience must be the JSON of an object with any of ${audienceMembers.join(', ')}.`)
  }
  if (repeatsMember(Buffer.from(text), value)) return failed('audience must not have a member twice: only one of the two would count.')
  return parseWholeAudience(value, limits)
}
