import { type CloseCode, closeCodes } from '../../session/close-codes.ts'
import type { CloseHint } from '../../session/socket.ts'

/** Bytes of UTF-8 that a close frame has for its reason, RFC 6455 section 5.5. */
export const maxCloseReasonBytes = 123

/**
 * Returns the reason of a close frame: the table's sentence for people, and behind it ` reconnect-after=<ms>` for clients when there is a
 * hint. A detail takes the place of the sentence. The text is cut when there is not room for both.
 */
export function closeReason(code: CloseCode, hint: CloseHint = {}): string {
  const after = hint.reconnectAfterMs === undefined ? '' : ` reconnect-after=${Math.max(0, Math.round(hint.reconnectAfterMs))}`
  return cutToBytes(hint.detail ?? closeCodes[code].text, maxCloseReasonBytes - after.length) + after
}

/** Cuts at a character, never within one. */
function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  let cut = ''
  let bytes = Buffer.byteLength('…')
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) break
    cut += character
  }
  return `${cut.trimEnd()}…`
}
