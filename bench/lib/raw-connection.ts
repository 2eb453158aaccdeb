import { connect, type Socket } from 'node:net'
import { FrameReader } from '../../testing/ws-frames.ts'

export interface Target {
  readonly host: string
  readonly port: number
  /** Path of a WebSocket; null: a bare TCP connection with frames from the first byte on. */
  readonly path: string | null
  readonly headers: Readonly<Record<string, string>>
  /** Offered WebSocket subprotocol. @default cloudevents.json; null: none */
  readonly subprotocol?: string | null
  /** True: a stream of server-sent events in place of a WebSocket. */
  readonly isEventStream?: boolean
}

/** Counts of one or many connections. */
export interface Tally {
  /** Text frames. */
  frames: number
  /** Bytes of frames of any kind, headers included. */
  bytes: number
  /** Called with the payload of each text frame; null: not wanted. */
  readonly onText: ((bytes: Buffer, start: number, end: number) => void) | null
}

interface ConnectionOptions {
  readonly localAddress: string
  readonly reader: (connection: RawConnection) => Pick<FrameReader, 'add'>
  /** Called once when the handshake is done, before the reader gets what follows it. */
  readonly opened?: (connection: RawConnection) => void
  /** Called once when an open connection has ended. */
  readonly closed?: () => void
}

/** All connections of a process read into the same buffer, one after the other. */
const shared = Buffer.alloc(65_536)

/** Answer to a ping without content. Its mask is zero, against RFC 6455 section 5.3, because it hides nothing. */
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

/** A client of WebSockets and event streams at the least cost, so that the machine's time and memory are the server's. */
export class RawConnection {
  readonly #tcp: Socket
  readonly #reader: Pick<FrameReader, 'add'>
  /** Begin of the answer to an accepted handshake. */
  readonly #accepted: string
  #head: string | null
  #opened: (error: Error | null) => void
  #closed: (() => void) | null = null

  /**
   * Opens a connection that counts. Resolves when the server has answered the handshake. @throws Error when the answer is not 101 (200 for a
   * stream of events), or the server is unreachable
   */
  static open(target: Target, options: { readonly localAddress: string; readonly tally: Tally }): Promise<RawConnection> {
    return RawConnection.openWith(target, {
      localAddress: options.localAddress,
      reader: (connection) => countingReader(options.tally, connection),
    })
  }

  /** Opens a connection with a reader of the caller. @throws Error as `open` does */
  static openWith(target: Target, options: ConnectionOptions): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const made: RawConnection = new RawConnection(target, options, (error) => {
        if (error !== null) return reject(error)
        made.#closed = options.closed ?? null
        options.opened?.(made)
        resolve(made)
      })
    })
  }

  private constructor(target: Target, options: ConnectionOptions, opened: (error: Error | null) => void) {
    this.#reader = options.reader(this)
    this.#opened = opened
    this.#accepted = target.isEventStream === true ? 'HTTP/1.1 200 ' : 'HTTP/1.1 101 '
    this.#head = target.path === null ? null : ''
    this.#tcp = connect({
      host: target.host,
      port: target.port,
      localAddress: options.localAddress,
      noDelay: true,
      onread: { buffer: shared, callback: (bytes) => this.#read(bytes) },
    })
    this.#tcp.on('connect', () => (target.path === null ? this.#opened(null) : this.#tcp.write(handshake(target, target.path))))
    this.#tcp.on('error', (error) => this.#opened(error))
    this.#tcp.on('close', () => {
      this.#opened(new Error('the server closed the connection'))
      this.#closed?.()
    })
  }

  /** Sends a text message. */
  send(text: string): void {
    this.#tcp.write(maskedText(text))
  }

  pong(): void {
    this.#tcp.write(pong)
  }

  /** Stops reading: what the server sends piles up. */
  stall(): void {
    this.#tcp.pause()
  }

  resume(): void {
    this.#tcp.resume()
  }

  destroy(): void {
    this.#tcp.destroy()
  }

  #read(bytes: number): boolean {
    if (this.#head === null) this.#reader.add(shared, 0, bytes)
    else this.#readHead(this.#head + shared.toString('latin1', 0, bytes))
    return true
  }

  #readHead(head: string): void {
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) {
      this.#head = head
      return
    }
    this.#head = null
    const isOpen = head.startsWith(this.#accepted)
    this.#opened(isOpen ? null : new Error(`the server answered ${head.split('\r\n')[0]}`))
    this.#opened = () => {}
    if (!isOpen) return this.destroy()
    const rest = Buffer.from(head.slice(end + 4), 'latin1')
    this.#reader.add(rest, 0, rest.length)
  }
}

function countingReader(tally: Tally, connection: RawConnection): FrameReader {
  return new FrameReader({
    message: (bytes, start, end) => {
      tally.frames += 1
      tally.onText?.(bytes, start, end)
    },
    ping: () => connection.pong(),
    close: () => {},
    bytes: (count) => void (tally.bytes += count),
  })
}

const upgradeHeaders = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
]

function handshake({ headers, subprotocol = 'cloudevents.json', isEventStream = false }: Target, path: string): string {
  const own = isEventStream ? ['accept: text/event-stream'] : upgradeHeaders
  const offered = subprotocol === null || isEventStream ? [] : [`sec-websocket-protocol: ${subprotocol}`]
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `GET ${path} HTTP/1.1\r\n${['host: localhost', ...own, ...offered, ...more].join('\r\n')}\r\n\r\n`
}

/** Returns a text frame, masked with zeros like the pong. */
function maskedText(text: string): Buffer {
  const payload = Buffer.from(text)
  const isShort = payload.length < 126
  const head = Buffer.alloc(isShort ? 6 : 8)
  head[0] = 0x81
  head[1] = 0x80 | (isShort ? payload.length : 126)
  if (!isShort) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}
