/**
 * The values of the cookies of one name in a `Cookie` header, in order (RFC 6265 section 4.2.1). Quotes around a value are taken off;
 * nothing is percent-decoded, because the standard knows no such coding. Pairs that are none are skipped: a header is put together from
 * cookies of many makers, and one that is malformed must not cost the user the good ones.
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
 * Empty cookies are no pieces, because sites empty cookies that they no longer need. Of several pieces with one number the first counts.
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

/** Matches the text behind the name in a cookie that holds a piece. */
const piecePattern = /^\.(0|[1-9]\d{0,2})\s*=\s*(.*)$/s
