/** The answer to every offer that is accepted: RFC 7692, section 7.1. Neither side keeps anything from one message to the next. */
export const acceptedCompression = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'

/**
 * Returns true if a client offers `permessage-deflate` (RFC 7692) in a form that this gateway can serve. All clients share what is compressed, so
 * an offer that asks for a smaller window is not accepted. An offer with anything unknown is none.
 * @param header the values of `Sec-WebSocket-Extensions`
 */
export function offersCompression(header: string | undefined): boolean {
  return (header ?? '').split(',').some((offer) => {
    const [name = '', ...parameters] = offer.split(';').map((part) => part.trim().toLowerCase())
    return name === 'permessage-deflate' && new Set(parameters).size === parameters.length && parameters.every(isServed)
  })
}

/** `client_max_window_bits` is a hint, which needs no answer. */
const isServed = (parameter: string): boolean =>
  /^(?:(?:server|client)_no_context_takeover|client_max_window_bits(?: *= *"?(?:8|9|1[0-5])"?)?)$/.test(parameter)
