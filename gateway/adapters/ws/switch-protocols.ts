import { hash } from 'node:crypto'

/**
 * Returns the answer that accepts a handshake: RFC 6455, section 4.2.2. It is ASCII.
 * @param key the valid `Sec-WebSocket-Key` of the client
 */
export function switchProtocols(key: string, { subprotocol, extensions }: Agreed): string {
  const chosen =
    (subprotocol === null ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`) +
    (extensions === null ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`)
  const accept = hash('sha1', key + acceptSuffix, 'base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`
}

/** What both sides have agreed on; null: nothing. */
interface Agreed {
  readonly subprotocol: string | null
  readonly extensions: string | null
}

/** The globally unique identifier of RFC 6455, section 1.3. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
