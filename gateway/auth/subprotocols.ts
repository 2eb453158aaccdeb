import { failed, ok, type Result } from '../../program/result.ts'

/** The only subprotocol of the gateway: a structured CloudEvent per text message. It is echoed. */
export const cloudEventsSubprotocol = 'cloudevents.json'

/** Prefix of an offered entry that holds a token, because a browser's WebSocket cannot send headers. It is never echoed. */
export const bearerPrefix = 'bearer.'

/** Most subprotocols that a client may offer. */
const maxSubprotocols = 32

/** Matches a token of HTTP (RFC 9110 section 5.6.2). */
const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export type SubprotocolChoice =
  | { readonly kind: 'chosen'; readonly name: typeof cloudEventsSubprotocol }
  /** Served without an echo. */
  | { readonly kind: 'none-offered' }
  /** Refused: the gateway does not support any offer, and a browser drops a connection without one of its subprotocols. */
  | { readonly kind: 'unknown'; readonly detail: string }

/**
 * Reads `Sec-WebSocket-Protocol` (RFC 6455 section 4.1: unique tokens, with commas between them; RFC 9110 section 5.6.1: empty list
 * members are ignored).
 * @returns the offered names in order. The error never quotes the header, which may have a token.
 */
export function parseSubprotocols(header: string | null | undefined): Result<readonly string[], string> {
  const offered = (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (offered.length > maxSubprotocols) {
    return failed(`Sec-WebSocket-Protocol has more than ${maxSubprotocols} entries. Offer ${cloudEventsSubprotocol}.`)
  }
  if (offered.some((name) => /^bearer\.bearer\s/i.test(name))) {
    return failed('The token in Sec-WebSocket-Protocol begins with `Bearer `. Offer `bearer.<token>`.')
  }
  if (!offered.every((name) => tokenPattern.test(name))) {
    return failed(`Sec-WebSocket-Protocol has an invalid subprotocol name. Offer ${cloudEventsSubprotocol}.`)
  }
  if (new Set(offered).size < offered.length) return failed('Sec-WebSocket-Protocol has a subprotocol twice. Offer each once.')
  return ok(offered)
}

/** Chooses a supported subprotocol from the offers. An entry with a token does not count as an offer. */
export function chooseSubprotocol(offered: readonly string[]): SubprotocolChoice {
  if (offered.length === 0) return { kind: 'none-offered' }
  if (offered.includes(cloudEventsSubprotocol)) return { kind: 'chosen', name: cloudEventsSubprotocol }
  if (offered.every((name) => name.startsWith(bearerPrefix))) {
    return { kind: 'unknown', detail: `The client offers a token, and no subprotocol. Offer ${cloudEventsSubprotocol}, too.` }
  }
  return { kind: 'unknown', detail: `The gateway supports none of the offered subprotocols. Offer ${cloudEventsSubprotocol}.` }
}
