import { isUtf8 } from 'node:buffer'

/** A message or control frame of a WebSocket server (RFC 6455). */
export type Frame =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly payload: Buffer }
  | { readonly kind: 'ping'; readonly payload: Buffer }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  /** The connection ended, or its bytes are not frames. */
  | { readonly kind: 'end'; readonly reason: string }

/** Limit on a message, in one frame or in fragments. An event of a gateway is far smaller. */
export const maxMessageBytes = 64 * 1024 * 1024

/** Most fragments of a message. */
export const maxFragments = 65_536

const notFrames: Frame = { kind: 'end', reason: 'The bytes are not frames of a WebSocket, or one message is too large.' }
const notUtf8: Frame = { kind: 'end', reason: 'A text message is not UTF-8.' }

/** Returns a function that takes bytes in pieces of any size and returns the frames that they complete. */
export function createFrameReader(): (chunk: Buffer) => readonly Frame[] {
  let rest: Buffer = Buffer.alloc(0)
  let message: Buffer[] = []
  let messageBytes = 0
  let isBinary = false
  const take = ({ isFinal, opcode, payload }: RawFrame): readonly Frame[] => {
    if (opcode === 0x9) return [{ kind: 'ping', payload }]
    if (opcode === 0x8)
      return [{ kind: 'close', code: payload.length < 2 ? 1005 : payload.readUInt16BE(0), reason: payload.toString('utf8', 2) }]
    if (opcode > 0x2) return []
    if (opcode !== 0) isBinary = opcode === 0x2
    message.push(payload)
    messageBytes += payload.length
    // An empty fragment costs memory, too.
    if (messageBytes > maxMessageBytes || message.length > maxFragments) return [notFrames]
    if (!isFinal) return []
    const whole = Buffer.concat(message)
    message = []
    messageBytes = 0
    if (isBinary) return [{ kind: 'binary', payload: whole }]
    return [isUtf8(whole) ? { kind: 'text', text: whole.toString() } : notUtf8]
  }
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const frames: Frame[] = []
    for (let raw = readFrame(rest); raw !== null; raw = readFrame(rest)) {
      if (raw === 'invalid') return [...frames, notFrames]
      rest = rest.subarray(raw.length)
      frames.push(...take(raw))
    }
    return frames
  }
}

interface RawFrame {
  readonly isFinal: boolean
  readonly opcode: number
  readonly payload: Buffer
  /** Bytes of the whole frame. */
  readonly length: number
}

/** Returns null when bytes are missing. */
function readFrame(bytes: Buffer): RawFrame | 'invalid' | null {
  if (bytes.length < 2) return null
  const [first = 0, second = 0] = bytes
  // Servers neither mask nor, without an extension, set reserved bits.
  if ((first & 0x70) !== 0 || (second & 0x80) !== 0) return 'invalid'
  const short = second & 0x7f
  const head = short === 126 ? 4 : short === 127 ? 10 : 2
  if (bytes.length < head) return null
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
  // A control frame is short and whole (RFC 6455, section 5.5).
  if (size > maxMessageBytes || ((first & 0x08) !== 0 && (short > 125 || (first & 0x80) === 0))) return 'invalid'
  if (bytes.length < head + size) return null
  return { isFinal: (first & 0x80) !== 0, opcode: first & 0x0f, payload: bytes.subarray(head, head + size), length: head + size }
}

/** Returns a masked frame of a client, of less than 4 GiB. */
export function clientFrame(opcode: number, payload: Buffer, mask: Buffer): Buffer {
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  return Buffer.concat([Buffer.from([0x80 | opcode]), maskedLength(payload.length), mask, masked])
}

function maskedLength(length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | length])
  const isShort = length < 65_536
  const head = Buffer.alloc(isShort ? 3 : 9)
  head[0] = 0x80 | (isShort ? 126 : 127)
  head.writeUIntBE(length, isShort ? 1 : 5, isShort ? 2 : 4)
  return head
}
