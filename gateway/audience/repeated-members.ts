import { isRecord } from '../../program/is-record.ts'

/**
 * Returns true if an object, or an object of a list, has a member twice. JSON.parse silently keeps the last one, so
 * `"roles": ["admin"], "roles": []` would widen an audience (RFC 8259, section 4: "the names within an object SHOULD be unique").
 * @param json the bytes that `value` was parsed from
 * @param inside a member whose object is checked, too
 */
export function repeatsMember(json: Buffer, value: unknown, inside: string | null = null): boolean {
  const found = countMembers(json, { depth: Array.isArray(value) ? 2 : 1, inside })
  let own = 0
  let nested = 0
  for (const object of Array.isArray(value) ? value : [value]) {
    if (!isRecord(object)) continue
    own += Object.keys(object).length
    const member = inside === null ? null : object[inside]
    if (isRecord(member)) nested += Object.keys(member).length
  }
  return found.own > own || found.nested > nested
}

/** Counts colons outside strings by their depth. In valid JSON each colon is one member. */
function countMembers(
  json: Buffer,
  { depth: ownDepth, inside }: { readonly depth: number; readonly inside: string | null },
): { readonly own: number; readonly nested: number } {
  let depth = 0
  let own = 0
  let nested = 0
  let stringStart = 0
  let stringEnd = 0
  let isInside = false
  for (let index = 0; index < json.length; index += 1) {
    switch (json[index]) {
      case quote:
        stringStart = index
        index += 1
        while (index < json.length && json[index] !== quote) index += json[index] === backslash ? 2 : 1
        stringEnd = index
        break
      case colon:
        if (depth === ownDepth) {
          own += 1
          isInside = inside !== null && isName(json, { start: stringStart, end: stringEnd + 1 }, inside)
        } else if (isInside && depth === ownDepth + 1) nested += 1
        break
      case openBrace:
      case openBracket:
        depth += 1
        break
      case closeBrace:
      case closeBracket:
        depth -= 1
    }
  }
  return { own, nested }
}

/** Returns true if the string between `start` and `end`, with its quotes, is this name. A string with escapes is longer than the name. */
function isName(json: Buffer, { start, end }: { readonly start: number; readonly end: number }, name: string): boolean {
  if (end - start < name.length + 2) return false
  const text = json.toString('latin1', start + 1, end - 1)
  // The caller has parsed the text, so it is valid JSON.
  return text === name || (text.includes('\\') && JSON.parse(`"${text}"`) === name)
}

const quote = 0x22
const colon = 0x3a
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
