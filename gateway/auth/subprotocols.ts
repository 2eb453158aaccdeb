import { failed, ok, type Result } from '../../program/result.ts'

/** The one subprotocol that is spoken, and echoed: a structured CloudEvent per text message. */
export const cloudEventsSubprotocol = 'cloudevents.json'

/** An offered entry that begins so is a token in disguise, because a browser's WebSocket can send no headers. It is never echoed. */
export const bearerPrefix = 'bearer.'

/** Nobody who means well offers more. */
const maxSubprotocols = 32

/** RFC 9110 section 5.6.2. */
const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export type SubprotocolChoice =
  | { readonly kind: 'chosen'; readonly name: typeof cloudEventsSubprotocol }
  /** Served all the same; nothing is echoed. */
  | { readonly kind: 'none-offered' }
  /** Refused: the gateway speaks none of the offers, and a browser drops a connection for which none of its subprotocols was chosen. */
  | { readonly kind: 'unknown'; readonly detail: string }

/**
 * Reads `Sec-WebSocket-Protocol` (RFC 6455 section 4.1: unique tokens, with commas between them; RFC 9110 section 5.6.1: empty list
 * members are ignored).
 * @returns the offered names in order; the error says what was wrong and never repeats what was sent, because that may be a token
 */
export function parseSubprotocols(header: string | null | undefined): Result<readonly string[], string> {
  const offered = (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (offered.length > maxSubprotocols) {
    return failed(`Sec-WebSocket-Protocol has more than ${maxSubprotocols} entries; offer ${cloudEventsSubprotocol}.`)
  }
  if (offered.some((name) => /^bearer\.bearer\s/i.test(name))) {
    return failed('The token in Sec-WebSocket-Protocol begins with `Bearer `, which is no part of it; offer `bearer.<token>`.')
  }
  if (!offered.every((name) => tokenPattern.test(name))) {
    return failed(`Sec-WebSocket-Protocol has an entry that is no token of HTTP; offer ${cloudEventsSubprotocol}.`)
  }
  if (new Set(offered).size < offered.length) return failed('Sec-WebSocket-Protocol names a subprotocol twice; offer each once.')
  return ok(offered)
}

/** Chooses the one of the offered subprotocols that is spoken. An entry that carries a token is no offer: it is never echoed. */
export function chooseSubprotocol(offered: readonly string[]): SubprotocolChoice {
  if (offered.length === 0) return { kind: 'none-offered' }
  if (offered.includes(cloudEventsSubprotocol)) return { kind: 'chosen', name: cloudEventsSubprotocol }
  if (offered.every((name) => name.startsWith(bearerPrefix))) {
    return { kind: 'unknown', detail: `A token is offered and no subprotocol; offer ${cloudEventsSubprotocol} beside it.` }
  }
  return { kind: 'unknown', detail: `None of the offered subprotocols is spoken here; offer ${cloudEventsSubprotocol}.` }
}
