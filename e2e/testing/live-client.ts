import { WebSocket as WsWebSocket } from 'ws'
import { type CloudEvent, connect, type Connection } from '../../client/index.ts'
import type { Judged } from '../proof/report.ts'
import type { User } from '../proof/plan.ts'
import type { Place } from '../platform/place.ts'

/** Of the table in docs/reference/close-codes.md: come back now, with your cursor. */
export const draining = 4200
/** What a browser says when a connection ended without a word. */
export const cutOff = 1006

/** What the e2e suites send in an event. */
export interface Payload {
  readonly number: number
  readonly key: string | null
  readonly sentAtMs: number
}

export interface LiveClientOptions {
  readonly place: Place
  readonly ca: string
  readonly user: User
  /** The socket's path, as `/wss/NAME/v1/ws`. */
  readonly path: string
  readonly token: string
}

/** How a connection ended, and how long it took until the next one went on from the cursor. */
export interface Reconnect {
  readonly code: number
  readonly reason: string
  readonly atMs: number
  readonly tookMs: number
}

/** A browser without a browser: the client's SDK over wss through the ingress. It counts what comes over the wire before the SDK suppresses anything. */
export class LiveClient implements Judged {
  readonly user: User
  readonly received: CloudEvent<Payload>[] = []
  readonly latenciesMs: number[] = []
  readonly reconnects: Reconnect[] = []
  readonly gaps: string[] = []
  /** Codes with which the gateway, or the way to it, refused for good. */
  readonly refusals: number[] = []
  replayed = 0
  wireDuplicates = 0
  readonly #seenOnWire = new Set<string>()
  readonly #connection: Connection
  /** What an earlier connection still says after this side has left it is nobody's: the SDK does not hear it, and asks for it again. */
  #generation = 0
  #down: Omit<Reconnect, 'tookMs'> | null = null

  constructor({ place, ca, user, path, token }: LiveClientOptions) {
    this.user = user
    const generation = (): number => this.#generation
    const count = (text: string): void => this.#countOnWire(text)
    // Names below localhost are this machine; not every resolver knows that.
    // With an origin, as a browser has one: a pod that is stopping tells a browser so by a close code, and others by an HTTP status, which this client would not see.
    const connection = { ca, servername: place.host, lookup: thisMachine, origin: place.origin }
    class TrustingSocket extends WsWebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, connection)
        const own = generation()
        this.on('message', (data) => own === generation() && count(String(data)))
      }
    }
    this.#connection = connect<Payload>({
      url: `wss://${place.host}:${place.httpsPort}${path}`,
      token: () => token,
      transport: 'websocket',
      maxBackoffMs: 2000,
      // Hundreds connect at once, and this machine has other work, too.
      openTimeoutMs: 60_000,
      // ws implements the members of the standard's WebSocket that the SDK uses.
      WebSocket: TrustingSocket as unknown as typeof globalThis.WebSocket,
      onEvent: (event) => this.#take(event),
      onGap: ({ reason }) => this.gaps.push(reason),
      onControl: (event) => this.#control(event),
      onStateChange: (state) => {
        if (state.kind === 'waiting') this.#down ??= { code: state.code, reason: state.reason, atMs: Date.now() }
        if (state.kind === 'closed' && state.code !== 1000) this.refusals.push(state.code)
      },
    })
  }

  get isOpen(): boolean {
    return this.#connection.state.kind === 'open' && this.#down === null
  }

  get cursor(): string | null {
    return this.#connection.cursor
  }

  /** Connects anew from its cursor, perhaps to another pod, also after `close`; it is not counted as a reconnect. */
  move(): void {
    this.#generation += 1
    this.#connection.reconnect()
  }

  /** Ends the connection, as a laptop does whose lid is closed. */
  close(): void {
    this.#generation += 1
    this.#connection.close()
  }

  #take(event: CloudEvent<Payload>): void {
    this.received.push(event)
    if (this.#down === null && event.data !== undefined) this.latenciesMs.push(Date.now() - event.data.sentAtMs)
  }

  /** A connection that goes on is told `resumed`, or that it cannot go on from its cursor, but goes on. */
  #control({ type, data }: CloudEvent): void {
    if (type !== 'dev.carillon.resumed' && type !== 'dev.carillon.gap') return
    if (type === 'dev.carillon.resumed') this.replayed += (data as { replayed: number }).replayed // docs/protocol.md, Control events
    if (this.#down !== null) this.reconnects.push({ ...this.#down, tookMs: Date.now() - this.#down.atMs })
    this.#down = null
  }

  #countOnWire(text: string): void {
    const { id, source, type } = JSON.parse(text) as CloudEvent // what a gateway sends is a CloudEvent
    if (type.startsWith('dev.carillon.')) return
    const key = `${source} ${id}`
    if (this.#seenOnWire.has(key)) this.wireDuplicates += 1
    this.#seenOnWire.add(key)
  }
}

type Found = (error: null, address: string | readonly { readonly address: string; readonly family: number }[], family?: number) => void

function thisMachine(_: string, { all }: { readonly all?: boolean }, found: Found): void {
  if (all === true) found(null, [{ address: '127.0.0.1', family: 4 }])
  else found(null, '127.0.0.1', 4)
}
