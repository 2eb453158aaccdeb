/** Tokens of JSON (RFC 8259), each behind optional white space. */
const token =
  /[ \t\n\r]*(?:([[\]{},:])|("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y
const start = /[ \t\n\r]*/y
const goodPartOfString = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y

/** What may follow: `value`, or one of the marks of an array or object. */
type Expected = 'value' | 'value or ]' | 'name or }' | 'name' | 'colon' | 'comma or end' | 'nothing'

/**
 * Returns the place at which a text stops being JSON, counted in UTF-16 units; null: it is JSON. Engines word their errors differently, and not
 * all of them name the place.
 */
export function locateJsonError(text: string): number | null {
  const open: ('[' | '{')[] = []
  let expected: Expected = 'value'
  let at = 0
  while (true) {
    const from = match(start, text, at).end
    if (from === text.length) return expected === 'nothing' ? null : from
    const { end, mark, string } = match(token, text, at)
    if (end === at) return text[from] === '"' ? match(goodPartOfString, text, from).end : from
    const next: Expected | null = follow(expected, mark ?? (string === undefined ? 'scalar' : 'string'), open)
    if (next === null) return from
    expected = next
    at = end
  }
}

function match(pattern: RegExp, text: string, at: number): { readonly end: number; readonly mark?: string; readonly string?: string } {
  pattern.lastIndex = at
  const [all = '', mark, string] = pattern.exec(text) ?? []
  return { end: at + all.length, ...(mark === undefined ? {} : { mark }), ...(string === undefined ? {} : { string }) }
}

/** Returns what may come after a token; null: the token may not stand here. Opens and closes arrays and objects. */
function follow(expected: Expected, found: string, open: ('[' | '{')[]): Expected | null {
  switch (expected) {
    case 'value':
    case 'value or ]':
      if (found === ']' && expected === 'value or ]') return close(open)
      if (found === '[' || found === '{') {
        open.push(found)
        return found === '[' ? 'value or ]' : 'name or }'
      }
      return found === 'scalar' || found === 'string' ? afterValue(open) : null
    case 'name or }':
    case 'name':
      if (found === '}' && expected === 'name or }') return close(open)
      return found === 'string' ? 'colon' : null
    case 'colon':
      return found === ':' ? 'value' : null
    case 'comma or end':
      if (found === ',') return open.at(-1) === '{' ? 'name' : 'value'
      return found === (open.at(-1) === '{' ? '}' : ']') ? close(open) : null
    case 'nothing':
      return null
  }
}

const afterValue = (open: readonly string[]): Expected => (open.length === 0 ? 'nothing' : 'comma or end')

function close(open: string[]): Expected {
  open.pop()
  return afterValue(open)
}

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string; readonly at: number }

/** Parses a text that a user typed. @returns the value, or a sentence that names the line and the column, and the place */
export function parseJson(text: string): ParsedJson {
  const at = locateJsonError(text)
  if (at === null) return { ok: true, value: JSON.parse(text) }
  const before = text.slice(0, at).split('\n')
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
  const found = String.fromCodePoint(text.codePointAt(at) ?? 0)
  const what = at === text.length ? 'The text ends too early' : `Unexpected ${JSON.stringify(found)}`
  return { ok: false, problem: `This is not JSON. ${what} in ${place}.`, at }
}
