import type { Framing } from '../../replay/framing.ts'

/** FIN set, opcode 1: a whole text message in one frame. */
const finAndText = 0x81
const nothing = Buffer.alloc(0)

/**
 * Returns the bytes before the JSON of an event: the header of an unmasked text frame from a server, RFC 6455 section 5.2.
 * @param jsonBytes length of the JSON: a whole number of at least 0
 */
export function textFrameHeader(jsonBytes: number): Buffer {
  if (jsonBytes <= 125) return Buffer.from([finAndText, jsonBytes])
  if (jsonBytes <= 0xffff) {
    const header = Buffer.from([finAndText, 126, 0, 0])
    header.writeUInt16BE(jsonBytes, 2)
    return header
  }
  const header = Buffer.alloc(10)
  header.writeUInt8(finAndText, 0)
  header.writeUInt8(127, 1)
  header.writeBigUInt64BE(BigInt(jsonBytes), 2)
  return header
}

/**
 * The framing of an event as a WebSocket text message (RFC 6455 section 5.2). The cursor has no place of its own on this wire: it is in the
 * JSON.
 */
export const websocketFraming: Framing = {
  kind: 'websocket',
  before: textFrameHeader,
  after: nothing,
}
