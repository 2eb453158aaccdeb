/** Returns true for a token of HTTP, such as the name of a header (RFC 9110 section 5.6.2). */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
}

/**
 * Returns true for a request header that pages may be allowed to send. Its name is a token of at most 128 characters, a script can set it, and it is
 * not reserved for proxies. `*` is a token, but allows nothing in a request with credentials (Fetch standard, CORS protocol and credentials).
 */
export function isHeaderOfPages(name: string): boolean {
  return (
    name.length <= 128 &&
    name !== '*' &&
    isToken(name) &&
    !forbidden.has(name.toLowerCase()) &&
    !/^(?:proxy-|sec-|x-forwarded-)/i.test(name)
  )
}

/** Headers that browsers do not let scripts set (Fetch standard, forbidden request-header), and headers in which a proxy names the caller. */
const forbidden: ReadonlySet<string> = new Set([
  'accept-charset',
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'connection',
  'content-length',
  'cookie',
  'cookie2',
  'date',
  'dnt',
  'expect',
  'host',
  'keep-alive',
  'origin',
  'referer',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'forwarded',
  'x-real-ip',
  'x-rh-identity',
])
