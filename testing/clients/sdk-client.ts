import { type CloudEvent, connect, type Connection } from '../../client/index.ts'
import { CuttableSockets, type SocketOptions } from './cuttable-sockets.ts'

/** Payload of the events that a proof or an e2e suite emits. */
export interface Payload {
  readonly number: number
  readonly key: string | null
  readonly sentAtMs: number
}

export interface SdkClientOptions<User> extends SocketOptions {
  readonly user: User
  /** URL of the channel's socket. */
  readonly url: string
  readonly token: string
  readonly maxBackoffMs: number
  readonly openTimeoutMs?: number
}

/** One reconnection: the end of the connection, and the time until the next one resumed from the cursor. */
export interface Reconnect {
  readonly code: number
  readonly reason: string
  readonly atMs: number
  /** Milliseconds, without the time for which `cut` kept the network down. */
  readonly tookMs: number
}

/** A browser without a browser: the client SDK over real sockets, which can be cut. Counts duplicates before the SDK suppresses them. */
export class SdkClient<User> {
  readonly user: User
  /** Events that the application got, in order. */
  readonly received: CloudEvent<Payload>[] = []
  readonly latenciesMs: number[] = []
  readonly reconnects: Reconnect[] = []
  readonly gaps: string[] = []
  /** Close codes that the SDK takes as final. */
  readonly refusals: number[] = []
  connections = 0
  replayed = 0
  wireDuplicates = 0
  readonly #seenOnWire = new Set<string>()
  readonly #connection: Connection
  /** Rises with each connection that this side leaves. The SDK ignores messages of an earlier connection and asks for them again. */
  #generation = 0
  #down: Omit<Reconnect, 'tookMs'> | null = null
  readonly #sockets: CuttableSockets

  constructor(options: SdkClientOptions<User>) {
    this.user = options.user
    this.#sockets = new CuttableSockets(options, (socket) => {
      const generation = this.#generation
      socket.on('message', (data) => generation === this.#generation && this.#countOnWire(String(data)))
    })
    this.#connection = connect<Record<string, Payload>>({
      url: options.url,
      token: () => options.token,
      transport: 'websocket',
      maxBackoffMs: options.maxBackoffMs,
      ...(options.openTimeoutMs === undefined ? {} : { openTimeoutMs: options.openTimeoutMs }),
      WebSocket: this.#sockets.WebSocket,
      onEvent: (event) => this.#take(event),
      onGap: ({ reason }) => this.gaps.push(reason),
      onControl: (event) => this.#control(event),
      onStateChange: (state) => {
        if (state.kind === 'open') this.connections += 1
        if (state.kind === 'waiting') this.#down ??= { code: state.code, reason: state.reason, atMs: Date.now() }
        if (state.kind === 'closed' && state.code !== 1000) this.refusals.push(state.code)
      },
    })
  }

  /** False from the end of a connection until the next one has resumed. */
  get isOpen(): boolean {
    return this.#connection.state.kind === 'open' && this.#down === null
  }

  get cursor(): string | null {
    return this.#connection.cursor
  }

  /** Connects again from its cursor, perhaps to another pod, also after `close`. Does not count as a reconnect. */
  move(): void {
    this.#generation += 1
    this.#connection.reconnect()
  }

  /** Cuts the connection like a network cable, and lets no other through for a while. */
  cut(holdMs: number): void {
    this.#sockets.cut(holdMs)
  }

  /** Ends the connection, like a laptop whose lid is closed. */
  close(): void {
    this.#generation += 1
    this.#connection.close()
  }

  #take(event: CloudEvent<Payload>): void {
    this.received.push(event)
    if (this.#down === null && event.data !== undefined) this.latenciesMs.push(Date.now() - event.data.sentAtMs)
  }

  /** A connection that goes on gets `resumed`, or a gap when it cannot resume from its cursor. */
  #control({ type, data }: CloudEvent): void {
    if (type !== 'dev.carillon.resumed' && type !== 'dev.carillon.gap') return
    if (type === 'dev.carillon.resumed') this.replayed += (data as { replayed: number }).replayed // docs/protocol.md, Control events
    if (this.#down !== null)
      this.reconnects.push({ ...this.#down, tookMs: Date.now() - Math.max(this.#down.atMs, this.#sockets.heldUntilMs) })
    this.#down = null
  }

  #countOnWire(text: string): void {
    const { id, source, type } = JSON.parse(text) as CloudEvent // a gateway sends CloudEvents only
    if (type.startsWith('dev.carillon.')) return
    const key = `${source} ${id}`
    if (this.#seenOnWire.has(key)) this.wireDuplicates += 1
    this.#seenOnWire.add(key)
  }
}
