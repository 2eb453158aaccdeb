/**
 * Tells whether an object, or an object of a list, has a member twice. JSON.parse keeps the last one in silence, so that
 * `"roles": ["admin"], "roles": []` would widen an audience (RFC 8259, section 4: "the names within an object SHOULD be unique").
 * @param json the bytes that `value` was parsed from
 * @param inside a member whose objects are asked about, too
 */
export function repeatsMember(json: Buffer, value: unknown, inside: string | null = null): boolean {
  const objects = Array.isArray(value) ? value.filter(isObject) : [value].filter(isObject)
  const found = countMembers(json, { depth: Array.isArray(value) ? 2 : 1, inside })
  const nested = inside === null ? [] : objects.map((object) => object[inside]).filter(isObject)
  return found.own > count(objects) || found.nested > count(nested)
}

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)
const count = (objects: readonly Members[]): number => objects.reduce((sum, object) => sum + Object.keys(object).length, 0)

/** Counts colons outside strings by the depth at which they stand: in valid JSON each is one member. */
function countMembers(json: Buffer, { depth: ownDepth, inside }: { readonly depth: number; readonly inside: string | null }): { readonly own: number; readonly nested: number } {
  const name = inside === null ? null : Buffer.from(JSON.stringify(inside))
  let depth = 0
  let own = 0
  let nested = 0
  let stringStart = 0
  let isInside = false
  for (let index = 0; index < json.length; index += 1) {
    switch (json[index]) {
      case quote:
        stringStart = index
        index = endOfString(json, index + 1)
        break
      case colon:
        if (depth === ownDepth) {
          own += 1
          isInside = name !== null && isNameAt(json, stringStart, name)
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

/**
 * Whether the string that begins at `start` is this name. A name may be written with escapes.
 * @param name in its quotes
 */
function isNameAt(json: Buffer, start: number, name: Buffer): boolean {
  const end = endOfString(json, start + 1) + 1
  if (json.compare(name, 0, name.length, start, end) === 0) return true
  const escape = json.indexOf(backslash, start)
  // Valid JSON, as the caller has parsed it.
  return escape >= 0 && escape < end && JSON.stringify(JSON.parse(json.toString('utf8', start, end))) === name.toString()
}

/** The index of the closing quote. */
function endOfString(json: Buffer, start: number): number {
  let index = start
  while (index < json.length && json[index] !== quote) index += json[index] === backslash ? 2 : 1
  return index
}

const quote = 0x22
const colon = 0x3a
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
