import type { Problem } from './problem.ts'
import { failed, ok, type Result } from '../../program/result.ts'

/** The normalized target of a request line: HTTP, event streams and WebSockets all compare this form. */
export interface RequestTarget {
  /** The path, which begins with `/` or is `*`. Unreserved characters are not percent-encoded. */
  readonly path: string
  /** The query as the client sent it, without its question mark; may be empty. */
  readonly query: string
  /** The authority of the absolute form, which replaces `Host` (RFC 9112, section 3.2.2); null: the origin form. */
  readonly authority: string | null
}

/**
 * Reads a request target (RFC 9112, section 3.2): the origin form, the absolute form of any scheme, or `*`. Drops a fragment. In the path, decodes
 * percent-encoded letters, digits and `-._~` (RFC 3986, section 6.2.2.2), and nothing else.
 * @returns a problem of status 400 for a path whose percent-encoding is not UTF-8, and for a target of no form
 */
export function readRequestTarget(target: string): Result<RequestTarget, Problem> {
  const [, authority, rest] = absoluteForm.exec(target) ?? [null, null, target]
  const [, path = '', query = ''] = originForm.exec(rest ?? '') ?? []
  if (path === '' && authority !== null) return ok({ path: '/', query, authority })
  if (!path.startsWith('/') && path !== '*') return failed(noTarget)
  const decoded = path.includes('%') ? decodeUnreserved(path) : path
  return decoded === null ? failed(badPercentEncoding) : ok({ path: decoded, query, authority: authority ?? null })
}

/** Returns true if the target already has the form that `readRequestTarget` would give it. */
export function isPlainTarget(target: string): boolean {
  return plainForm.test(target)
}

/** Writes the target in the origin form. */
export function renderOriginForm({ path, query }: RequestTarget): string {
  return query === '' ? path : `${path}?${query}`
}

/**
 * Checks the `Host` of a request (RFC 9112, section 3.2): HTTP/1.1 needs exactly one, of the form of a host.
 * @param rawHeaders names and values in turn, as they were received
 * @returns a problem of status 400, or null
 */
export function checkHost({
  httpVersion,
  rawHeaders,
}: {
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}): Problem | null {
  let host: string | null = null
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue
    if (host !== null) return hostTwice
    host = rawHeaders[index + 1] ?? ''
  }
  if (host === null) return httpVersion === '1.1' ? hostMissing : null
  return hostForm.test(host) ? null : hostMalformed
}

const absoluteForm = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)([^]*)$/i
const originForm = /^([^?#]*)(?:\?([^#]*))?/
const plainForm = /^\/[^?#%]*(?:\?[^#]+)?$/
/** The characters of a registered name, an IP address or an IP literal, and a port (RFC 3986, section 3.2.2). May be empty. */
const hostForm = /^[\w.~!$&'()*+,;=%:[\]-]*$/
const unreserved = /^[\w.~-]$/

/** Decodes the unreserved characters of a path. Returns null when its percent-encoded bytes are not UTF-8. */
function decodeUnreserved(path: string): string | null {
  try {
    decodeURIComponent(path)
  } catch {
    // A percent sign without two hexadecimal digits, or bytes that are not UTF-8.
    return null
  }
  return path.replace(/%[0-7][0-9a-f]/gi, (escape) => {
    const character = decodeURIComponent(escape)
    return unreserved.test(character) ? character : escape
  })
}

export const badPercentEncoding: Problem = {
  type: 'bad-request',
  detail: 'The path has a percent sign without two hexadecimal digits, or encoded bytes that are not UTF-8. Encode a percent sign as %25.',
}
const noTarget: Problem = { type: 'bad-request', detail: 'The request target must be a path that begins with a slash, or an absolute URL.' }
const hostMissing: Problem = { type: 'bad-request', detail: 'The Host header is missing. HTTP/1.1 needs one.' }
const hostTwice: Problem = { type: 'bad-request', detail: 'The request has more than one Host header. Send one.' }
const hostMalformed: Problem = { type: 'bad-request', detail: 'The Host header is not a host name or address with an optional port.' }
