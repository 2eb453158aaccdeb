import { connect, type Socket } from 'node:net'
import { FrameCounter, type Tally } from './frame-counter.ts'

export interface Target {
  readonly host: string
  readonly port: number
  /** The path of a WebSocket; null: a bare TCP connection that is spoken to in frames from the first byte on. */
  readonly path: string | null
  readonly headers: Readonly<Record<string, string>>
}

/** All connections of a process read into the same buffer, one after the other. */
const shared = Buffer.alloc(65_536)

/** The answer to a ping without content: masked with zeros, RFC 6455 section 5.3 notwithstanding, for it hides nothing. */
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

/** A WebSocket client that is as small as a connection can be, so that the machine's time and memory are the server's. */
export class RawConnection {
  readonly #tcp: Socket
  readonly #counter: FrameCounter
  #head: string | null
  #opened: (error: Error | null) => void

  /** Resolves when the server has answered the handshake. @throws Error when it answers anything but 101, or cannot be reached */
  static open(target: Target, options: { readonly localAddress: string; readonly tally: Tally }): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const made: RawConnection = new RawConnection(target, { ...options, opened: (error) => (error === null ? resolve(made) : reject(error)) })
    })
  }

  private constructor(target: Target, options: { readonly localAddress: string; readonly tally: Tally; readonly opened: (error: Error | null) => void }) {
    this.#counter = new FrameCounter(options.tally, () => this.#tcp.write(pong))
    this.#opened = options.opened
    this.#head = target.path === null ? null : ''
    this.#tcp = connect({
      host: target.host,
      port: target.port,
      localAddress: options.localAddress,
      noDelay: true,
      onread: { buffer: shared, callback: (bytes) => this.#read(bytes) },
    })
    this.#tcp.on('connect', () => (target.path === null ? this.#opened(null) : this.#tcp.write(handshake(target.path, target.headers))))
    this.#tcp.on('error', (error) => this.#opened(error))
    this.#tcp.on('close', () => this.#opened(new Error('the server closed the connection')))
  }

  /** Reads no more: what is sent to this connection piles up. */
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
    if (this.#head === null) this.#counter.add(shared, 0, bytes)
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
    const rest = Buffer.from(head.slice(end + 4), 'latin1')
    this.#counter.add(rest, 0, rest.length)
    this.#opened(head.startsWith('HTTP/1.1 101 ') ? null : new Error(`the server answered ${head.split('\r\n')[0]}`))
    this.#opened = () => {}
  }
}

function handshake(path: string, headers: Readonly<Record<string, string>>): string {
  const own = ['host: localhost', 'connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-protocol: cloudevents.json']
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `GET ${path} HTTP/1.1\r\n${[...own, ...more].join('\r\n')}\r\n\r\n`
}
