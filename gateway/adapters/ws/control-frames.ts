/** Frames that say nothing: RFC 6455, sections 5.5.2 and 5.5.3. */
export interface ControlFrame {
  readonly kind: 'ping' | 'pong'
  readonly content: Buffer
  /** Bytes of the whole frame. */
  readonly bytes: number
}

const final = 0x80
const pingOpcode = 0x9
const pongOpcode = 0xa
const masked = 0x80
const headBytes = 6

/** A ping without content. */
export const pingFrame = Buffer.from([final | pingOpcode, 0])

/** Returns the answer to a ping. @param content at most 125 bytes, as a ping has */
export const pongFrame = (content: Buffer): Buffer => Buffer.concat([Buffer.from([final | pongOpcode, content.length]), content])

/** Returns the ping or pong of a client with which the bytes begin; null: they begin with anything else, or with a part of a frame. */
export function readControlFrame(bytes: Buffer): ControlFrame | null {
  if (bytes.length < headBytes) return null
  const [first = 0, second = 0] = bytes
  const length = second & 0x7f
  const isPing = first === (final | pingOpcode)
  if (!isPing && first !== (final | pongOpcode)) return null
  if ((second & masked) === 0 || length > 125 || bytes.length < headBytes + length) return null
  const content = Buffer.allocUnsafe(isPing ? length : 0)
  for (let at = 0; at < content.length; at += 1) content[at] = (bytes[headBytes + at] ?? 0) ^ (bytes[2 + (at & 3)] ?? 0)
  return { kind: isPing ? 'ping' : 'pong', content, bytes: headBytes + length }
}
