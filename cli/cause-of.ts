import { messageOf } from '../program/message-of.ts'

/** Returns the reason below the "fetch failed" of Node. An error of several addresses has a code and no message. */
export function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return messageOf(cause) || code || 'no reason given'
}
