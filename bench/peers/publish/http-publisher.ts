import { connect, type Socket } from 'node:net'
import type { PublishRequest } from '../dialects/dialect.ts'

/**
 * Posts over a few kept connections, one request at a time on each. It is as small as an HTTP client can be, because it shares a processor
 * with the receivers: it reads the status and skips the rest.
 */
export class HttpPublisher {
  readonly #lanes: readonly Lane[]
  readonly #idle: Lane[]
  readonly #waiting: ((lane: Lane) => void)[] = []
  #port: number

  constructor(options: { readonly port: number; readonly connections: number }) {
    this.#port = options.port
    this.#lanes = Array.from({ length: options.connections }, () => new Lane(() => this.#port))
    this.#idle = [...this.#lanes]
  }

  /** Port for the next request of each connection. */
  set port(port: number) {
    this.#port = port
    for (const lane of this.#lanes) lane.end()
  }

  /**
   *
   * @returns the status; null without an answer
   */
  async publish(request: PublishRequest): Promise<number | null> {
    const lane = this.#idle.pop() ?? (await new Promise<Lane>((resolve) => void this.#waiting.push(resolve)))
    const status = await lane.post(textOf(request))
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(lane)
    else next(lane)
    return status
  }

  close(): void {
    for (const lane of this.#lanes) lane.end()
  }
}

function textOf({ path, headers, body }: PublishRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

class Lane {
  readonly #port: () => number
  #socket: Socket | null = null
  #head = ''
  #settle: ((status: number | null) => void) | null = null

  constructor(port: () => number) {
    this.#port = port
  }

  post(text: string): Promise<number | null> {
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#socket ??= this.#open()
      this.#socket.write(text)
    })
  }

  end(): void {
    this.#socket?.destroy()
    this.#gone(this.#socket)
  }

  #open(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.#port(), noDelay: true })
    socket.setTimeout(5_000, () => socket.destroy())
    socket.on('data', (bytes) => this.#read(bytes.toString('latin1')))
    // `close` follows, and reports to the caller.
    socket.on('error', () => {})
    socket.on('close', () => this.#gone(socket))
    return socket
  }

  #read(text: string): void {
    this.#head += text
    if (!isWhole(this.#head)) return
    const status = Number(this.#head.slice(9, 12))
    const closes = /^connection: close/im.test(this.#head)
    this.#head = ''
    const settle = this.#settle
    this.#settle = null
    if (closes) this.end()
    settle?.(status)
  }

  #gone(socket: Socket | null): void {
    if (socket !== this.#socket) return
    this.#socket = null
    this.#head = ''
    const settle = this.#settle
    this.#settle = null
    settle?.(null)
  }
}

/** Returns true when an answer with its body is complete. */
export function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0) return false
  const head = answer.slice(0, end)
  if (/^transfer-encoding: chunked/im.test(head)) return answer.endsWith('0\r\n\r\n')
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  return answer.length >= end + 4 + length
}
