import { maxTokenBytes } from './authenticator.ts'
import { readCookie, readCookiePieces } from './read-cookie.ts'
import { bearerPrefix } from './subprotocols.ts'

/** The places of a request that may hold a token. The query string may not, because it ends up in log lines and browser histories. */
export interface TokenPlaces {
  /** The `Authorization` header. */
  readonly authorization: string | null
  /** The `Cookie` header. */
  readonly cookie: string | null
  /** Names offered in `Sec-WebSocket-Protocol`, in order. */
  readonly subprotocols: readonly string[]
}

export type FoundToken =
  /** The text in the place of a token, not verified. */
  | { readonly kind: 'found'; readonly token: string }
  | { readonly kind: 'absent' }
  /** The text in the place of a token cannot be one. `detail` names the reason and never quotes it. */
  | { readonly kind: 'unusable'; readonly detail: string }

/**
 * Finds the token of a request: first the subprotocol entry `bearer.<token>`, then `Authorization: Bearer` (RFC 6750 section 2.1), then the
 * cookie. The first place with a text decides, even if it is unusable. Falling back to the cookie would give a client with a broken token the
 * identity of another user.
 */
export function findToken(places: TokenPlaces, { cookieName }: { readonly cookieName: string }): FoundToken {
  const { subprotocols, authorization, cookie } = places
  return inSubprotocols(subprotocols) ?? inAuthorization(authorization) ?? inCookie(cookie, cookieName) ?? { kind: 'absent' }
}

function inSubprotocols(offered: readonly string[]): FoundToken | null {
  const [entry, ...others] = offered.filter((name) => name.startsWith(bearerPrefix))
  if (entry === undefined) return null
  if (others.length > 0) return { kind: 'unusable', detail: 'More than one subprotocol entry begins with `bearer.`. Offer one token.' }
  return checkForm(entry.slice(bearerPrefix.length), 'subprotocol entry `bearer.<token>`')
}

/** Matches the name of the scheme in front of a token, with a blank or an encoded blank. */
const schemePattern = /^bearer(?:\s|\+|%20)/i

/** Reads the header. Ignores other schemes, because a proxy's basic authentication must not hide the cookie. */
function inAuthorization(header: string | null): FoundToken | null {
  if (header === null || !/^bearer(?![^ ])/i.test(header)) return null
  return checkForm(header.slice('bearer'.length).trim(), '`Authorization: Bearer` header')
}

/**
 * Reads the first cookie of the name that is not empty. Browsers send the cookie of the most specific path first, and sites empty a cookie to sign
 * out. Without such a cookie, reads the pieces of a token that was too long for one cookie.
 */
function inCookie(header: string | null, name: string): FoundToken | null {
  if (header === null) return null
  const token = readCookie(header, name).find((value) => value !== '')
  return token === undefined ? inCookiePieces(header, name) : checkForm(token, 'cookie')
}

/** Most cookies of one token. Browsers keep cookies of 4 KiB at most, so a token of the largest size comes in five or six pieces. */
export const maxCookiePieces = 16

function inCookiePieces(header: string, name: string): FoundToken | null {
  const pieces = readCookiePieces(header, name)
  if (pieces.size === 0) return null
  if (Math.max(...pieces.keys()) >= maxCookiePieces)
    return { kind: 'unusable', detail: `The token is in more than ${maxCookiePieces} cookies. Put fewer claims in it.` }
  const ordered = Array.from({ length: pieces.size }, (_, number) => pieces.get(number) ?? '')
  const missing = ordered.indexOf('')
  if (missing !== -1)
    return { kind: 'unusable', detail: `The token is in several cookies, and cookie number ${missing} is missing. Sign in again.` }
  return checkForm(ordered.join(''), 'cookies')
}

function checkForm(token: string, place: string): FoundToken {
  if (token === '') return { kind: 'unusable', detail: `The ${place} has no token.` }
  if (schemePattern.test(token))
    return { kind: 'unusable', detail: `The token in the ${place} begins with \`Bearer \`. Send the token alone.` }
  if (token.length > maxTokenBytes) {
    return { kind: 'unusable', detail: `The token in the ${place} has more than ${maxTokenBytes} bytes. Issue smaller tokens.` }
  }
  if (!/^[!-~]+$/.test(token)) return { kind: 'unusable', detail: `The token in the ${place} has characters that a token cannot have.` }
  return { kind: 'found', token }
}
