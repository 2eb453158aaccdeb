import { randomUUID } from 'node:crypto'
import { parseTraceparent } from './traceparent.ts'

/** The form of a request id, which is part of a log line and, within a URN (RFC 8141, section 2), of a problem. */
const requestIdPattern = /^[A-Za-z0-9][A-Za-z0-9._~:@=+-]{0,127}$/

/**
 * Returns the id that a response and its log line share. It is the caller's `X-Request-Id` if that is well-formed and has at most 128 characters.
 * Otherwise it is the trace id of a well-formed `traceparent`, or a new id.
 */
export function requestIdOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  const given = headers['x-request-id']
  if (typeof given === 'string' && requestIdPattern.test(given)) return given
  const traceparent = headers['traceparent']
  const trace = typeof traceparent === 'string' ? parseTraceparent(traceparent) : null
  return trace?.traceId ?? randomUUID()
}
