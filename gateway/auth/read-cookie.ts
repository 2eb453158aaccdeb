/**
 * Returns the values of the cookies of one name in a `Cookie` header, in order (RFC 6265 section 4.2.1). Removes quotes around a value. Does not
 * percent-decode, because the standard has no such coding. Skips malformed pairs: a header has cookies of many makers, and a malformed one must
 * not cost the user the others.
 */
export function readCookie(header: string, name: string): readonly string[] {
  return header.split(';').flatMap((pair) => {
    const equals = pair.indexOf('=')
    if (equals === -1 || pair.slice(0, equals).trim() !== name) return []
    return [unquote(pair.slice(equals + 1).trim())]
  })
}

function unquote(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}

/**
 * Returns the pieces of a value that was too long for one cookie, by their numbers: `name.0`, `name.1` and so on, as Auth.js and others write them.
 * Ignores empty cookies, because sites empty cookies that they no longer need. The first of several pieces with one number counts.
 */
export function readCookiePieces(header: string, name: string): ReadonlyMap<number, string> {
  const pieces = new Map<number, string>()
  for (const pair of header.split(';').map((each) => each.trim())) {
    const [, digits, text = ''] = (pair.startsWith(name) && piecePattern.exec(pair.slice(name.length))) || []
    const value = unquote(text)
    const number = Number(digits)
    if (digits !== undefined && value !== '' && !pieces.has(number)) pieces.set(number, value)
  }
  return pieces
}

/** Matches the text after the name in a cookie that holds a piece. */
const piecePattern = /^\.(0|[1-9]\d{0,2})\s*=\s*(.*)$/s
