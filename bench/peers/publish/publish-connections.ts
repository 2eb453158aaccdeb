import { connect, type Socket } from 'node:net'
import type { PublishRequest, PublishWire } from '../dialects/dialect.ts'

export interface ConnectionsOptions {
  readonly port: number
  readonly connections: number
  readonly wire: PublishWire
  /** Credential for publishing. */
  readonly key: string
}

/**
 * Publishes over a few kept connections, one request at a time on each. It is as small as such a client can be, because it shares a
 * processor with the receivers.
 */
export class PublishConnections {
  readonly #lanes: readonly Lane[]
  readonly #idle: Lane[]
  readonly #waiting: ((lane: Lane) => void)[] = []
  readonly #wire: PublishWire
  #port: number

  constructor({ port, connections, wire, key }: ConnectionsOptions) {
    this.#port = port
    this.#wire = wire
    this.#lanes = Array.from({ length: connections }, () => new Lane(wire, wire.greeting(key), () => this.#port))
    this.#idle = [...this.#lanes]
  }

  /** Port for the next request of each connection. */
  set port(port: number) {
    this.#port = port
    for (const lane of this.#lanes) lane.end()
  }

  /** @returns the status; null without an answer */
  async publish(request: PublishRequest): Promise<number | null> {
    const lane = this.#idle.pop() ?? (await new Promise<Lane>((resolve) => void this.#waiting.push(resolve)))
    const status = await lane.ask(this.#wire.textOf(request))
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(lane)
    else next(lane)
    return status
  }

  close(): void {
    for (const lane of this.#lanes) lane.end()
  }
}

class Lane {
  readonly #wire: PublishWire
  readonly #greeting: string
  readonly #port: () => number
  #socket: Socket | null = null
  #unread = ''
  #settle: ((status: number | null) => void) | null = null

  constructor(wire: PublishWire, greeting: string, port: () => number) {
    this.#wire = wire
    this.#greeting = greeting
    this.#port = port
  }

  ask(text: string): Promise<number | null> {
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
    if (this.#greeting !== '') socket.write(this.#greeting)
    socket.setTimeout(5_000, () => socket.destroy())
    socket.on('data', (bytes) => this.#read(socket, bytes.toString('latin1')))
    // `close` follows, and reports to the caller.
    socket.on('error', () => {})
    socket.on('close', () => this.#gone(socket))
    return socket
  }

  #read(socket: Socket, text: string): void {
    const { status, rest, reply, isLast } = this.#wire.read(this.#unread + text)
    this.#unread = rest
    if (reply !== '') socket.write(reply)
    if (status === null) return
    const settle = this.#settle
    this.#settle = null
    if (isLast) this.end()
    settle?.(status)
  }

  #gone(socket: Socket | null): void {
    if (socket !== this.#socket) return
    this.#socket = null
    this.#unread = ''
    const settle = this.#settle
    this.#settle = null
    settle?.(null)
  }
}
