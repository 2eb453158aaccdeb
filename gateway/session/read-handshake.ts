import { readCursorsParameter } from './cursors-parameter.ts'
import type { HandshakeRequest } from './handshake.ts'
import { readResumePoint } from './resume-point.ts'

/** The headers of a handshake that both transports read. */
export interface HandshakeHeaders {
  readonly origin?: string | undefined
  readonly cookie?: string | undefined
  readonly authorization?: string | undefined
  readonly 'last-event-id'?: string | string[] | undefined
}

/** Reads what a handshake says on either transport. @param query the text after the question mark; may be empty */
export function readHandshake(headers: HandshakeHeaders, query: string): Omit<HandshakeRequest, 'transport' | 'subprotocols'> {
  const parameters = new URLSearchParams(query)
  return {
    origin: headers.origin ?? null,
    cookie: headers.cookie ?? null,
    authorization: headers.authorization ?? null,
    ...readResumePoint(headers['last-event-id'], parameters),
    cursors: readCursorsParameter(parameters),
    filters: parameters.getAll('filters'),
    ticket: parameters.get('ticket'),
  }
}
