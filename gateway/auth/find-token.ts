import { maxTokenBytes } from './authenticator.ts'
import { readCookie } from './read-cookie.ts'
import { bearerPrefix } from './subprotocols.ts'

/** The places of a request that may hold a token. The query string is none: it ends up in logs and histories. */
export interface TokenPlaces {
  /** The `Authorization` header. */
  readonly authorization: string | null
  /** The `Cookie` header. */
  readonly cookie: string | null
  /** Offered in `Sec-WebSocket-Protocol`, in order. */
  readonly subprotocols: readonly string[]
}

export type FoundToken =
  /** What stands in the place of a token; nothing of it is verified. */
  | { readonly kind: 'found'; readonly token: string }
  | { readonly kind: 'absent' }
  /** Something was sent for a token that cannot be one; `detail` says what, never its text. */
  | { readonly kind: 'unusable'; readonly detail: string }

/**
 * Finds the token of a request: first the subprotocol entry `bearer.<token>`, then `Authorization: Bearer` (RFC 6750 section 2.1), then the
 * cookie. The first place that has something decides, also when that is unusable: falling back to the cookie would make
 * somebody else of a client whose own token is broken.
 */
export function findToken(places: TokenPlaces, { cookieName }: { readonly cookieName: string }): FoundToken {
  const { subprotocols, authorization, cookie } = places
  return inSubprotocols(subprotocols) ?? inAuthorization(authorization) ?? inCookie(cookie, cookieName) ?? { kind: 'absent' }
}

function inSubprotocols(offered: readonly string[]): FoundToken | null {
  const [entry, ...others] = offered.filter((name) => name.startsWith(bearerPrefix))
  if (entry === undefined) return null
  if (others.length > 0) return { kind: 'unusable', detail: 'More than one subprotocol entry begins with `bearer.`; offer one token.' }
  return judge(entry.slice(bearerPrefix.length), 'subprotocol entry `bearer.<token>`')
}

/** Other schemes are not for us: a proxy's basic authentication must not hide the cookie. */
function inAuthorization(header: string | null): FoundToken | null {
  if (header === null || !/^bearer(?![^ ])/i.test(header)) return null
  return judge(header.slice('bearer'.length).trim(), '`Authorization: Bearer` header')
}

/**
 * Of several cookies of the name the first counts: browsers send that of the most specific path first. An empty one is how sites sign
 * out.
 */
function inCookie(header: string | null, name: string): FoundToken | null {
  const token = header === null ? undefined : readCookie(header, name).find((value) => value !== '')
  return token === undefined ? null : judge(token, 'cookie')
}

function judge(token: string, place: string): FoundToken {
  if (token === '') return { kind: 'unusable', detail: `There is no token in the ${place}.` }
  if (token.length > maxTokenBytes) {
    return { kind: 'unusable', detail: `The token in the ${place} has more than ${maxTokenBytes} bytes; issue smaller ones.` }
  }
  if (!/^[!-~]+$/.test(token)) return { kind: 'unusable', detail: `The token in the ${place} has characters that no token has.` }
  return { kind: 'found', token }
}
