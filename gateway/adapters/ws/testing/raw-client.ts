import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawFrame {
  readonly opcode: number
  readonly isFinal: boolean
  readonly payload: Buffer
}

/** Bytes that a client may send and no library would. */
export interface FrameShape {
  readonly opcode?: number
  readonly payload?: Buffer
  readonly isFinal?: boolean
  readonly isMasked?: boolean
}

/** A client that speaks WebSocket by hand over TCP, for tests of what a well-behaved library never does. */
export class RawClient {
  readonly tcp: Socket
  #received = Buffer.alloc(0)
  #isEnded = false
  #wake: () => void = () => {}

  static async connect(port: number): Promise<RawClient> {
    const tcp = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    await once(tcp, 'connect')
    return new RawClient(tcp)
  }

  constructor(tcp: Socket) {
    this.tcp = tcp
    tcp.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    // A reset by the server ends the client as an end does.
    tcp.on('error', () => {})
    for (const event of ['end', 'close']) {
      tcp.on(event, () => {
        this.#isEnded = true
        this.#wake()
      })
    }
  }

  send(bytes: Buffer | string): void {
    this.tcp.write(bytes)
  }

  sendFrame(shape: FrameShape): void {
    this.send(encodeFrame(shape))
  }

  /**
   * Sends the head of a handshake.
   * @returns the head of the answer
   */
  async handshake(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    this.send(handshakeHead(path, headers))
    return this.head()
  }

  /** Returns the next HTTP head, with the line that ends it. */
  async head(): Promise<string> {
    return this.#take((bytes) => {
      const end = bytes.indexOf('\r\n\r\n')
      return end < 0 ? null : { value: bytes.toString('latin1', 0, end + 4), bytes: end + 4 }
    })
  }

  async frame(): Promise<RawFrame> {
    return this.#take(decodeFrame)
  }

  /** Returns all bytes until the server ends the connection. */
  async rest(): Promise<Buffer> {
    while (!this.#isEnded) await this.#more()
    const rest = this.#received
    this.#received = Buffer.alloc(0)
    return rest
  }

  destroy(): void {
    this.tcp.destroy()
  }

  async #take<T>(read: (bytes: Buffer) => { readonly value: T; readonly bytes: number } | null): Promise<T> {
    for (;;) {
      const taken = read(this.#received)
      if (taken !== null) {
        this.#received = this.#received.subarray(taken.bytes)
        return taken.value
      }
      if (this.#isEnded)
        throw new Error(
          `the server ended the connection after ${this.#received.length} bytes more: ${this.#received.toString('latin1', 0, 200)}`,
        )
      await this.#more()
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

export function handshakeHead(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const all: Record<string, string> = {
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    ...headers,
  }
  return `GET ${path} HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`
}

/** Returns a frame of fewer than 65,536 bytes, RFC 6455 section 5.2. */
export function encodeFrame({ opcode = 1, payload = Buffer.alloc(0), isFinal = true, isMasked = true }: FrameShape): Buffer {
  const size = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255]
  const [first = 0, ...more] = size
  const header = Buffer.from([(isFinal ? 0x80 : 0) | opcode, (isMasked ? 0x80 : 0) | first, ...more])
  if (!isMasked) return Buffer.concat([header, payload])
  const mask = randomBytes(4)
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0))])
}

/** Returns the first frame, unmasked as a server sends it; null when it is not whole. */
export function decodeFrame(bytes: Buffer): { readonly value: RawFrame; readonly bytes: number } | null {
  if (bytes.length < 2) return null
  const short = bytes.readUInt8(1) & 0x7f
  const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < headerBytes) return null
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  if (bytes.length < headerBytes + length) return null
  const first = bytes.readUInt8(0)
  return {
    value: { opcode: first & 15, isFinal: first >= 0x80, payload: Buffer.from(bytes.subarray(headerBytes, headerBytes + length)) },
    bytes: headerBytes + length,
  }
}

/** Content of a close frame. */
export function closeOf(frame: RawFrame): { readonly code: number; readonly reason: string } {
  if (frame.opcode !== 8) throw new Error(`expected a close frame, got opcode ${frame.opcode}`)
  return { code: frame.payload.readUInt16BE(0), reason: frame.payload.toString('utf8', 2) }
}
