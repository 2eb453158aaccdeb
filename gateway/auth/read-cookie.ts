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
