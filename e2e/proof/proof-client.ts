import { WebSocket as WsWebSocket } from 'ws'
import { type CloudEvent, connect, type Connection } from '../../client/index.ts'
import type { User } from './plan.ts'

/**
 * A browser of the proof: the client SDK over sockets that can be cut like a network cable, and that count what comes over the wire before
 * the SDK suppresses anything.
 */
export class ProofClient {
  readonly user: User
  /** What the application was given, in order. */
  readonly received: CloudEvent<{ number: number; key: string | null; sentAtMs: number }>[] = []
  readonly latenciesMs: number[] = []
  readonly reconnectsMs: number[] = []
  gaps = 0
  replayed = 0
  connections = 0
  wireDuplicates = 0
  refusals = 0
  readonly closeCodes = new Map<number, number>()
  readonly #seenOnWire = new Set<string>()
  readonly #ports: () => number
  #socket: WsWebSocket | null = null
  #heldUntilMs = 0
  #downSinceMs: number | null = null
  readonly #connection: Connection

  /** @param options.ports gives the port of a gateway, as a load balancer would */
  constructor(options: { readonly user: User; readonly channel: string; readonly token: string; readonly ports: () => number }) {
    this.user = options.user
    this.#ports = options.ports
    this.#connection = connect<{ number: number; key: string | null; sentAtMs: number }>({
      url: `ws://127.0.0.1:1/wss/${options.channel}/v1/ws`,
      token: () => options.token,
      transport: 'websocket',
      maxBackoffMs: 500,
      WebSocket: this.#sockets(),
      onEvent: (event) => this.#take(event),
      onGap: () => (this.gaps += 1),
      onControl: (event) => this.#control(event),
      onStateChange: (state) => {
        if (state.kind === 'open') this.#opened()
        if (state.kind === 'waiting') this.#ended(state.code)
        if (state.kind === 'closed' && state.code !== 1000) this.refusals += 1
      },
    })
  }

  get isOpen(): boolean {
    return this.#connection.state.kind === 'open'
  }

  /** Cuts the connection without a word, and lets none through for a while. */
  cut(holdMs: number): void {
    this.#heldUntilMs = Date.now() + holdMs
    this.#socket?.terminate()
  }

  close(): void {
    this.#connection.close()
  }

  #take(event: CloudEvent<{ number: number; key: string | null; sentAtMs: number }>): void {
    this.received.push(event)
    if (this.#downSinceMs === null && event.data !== undefined) this.latenciesMs.push(Date.now() - event.data.sentAtMs)
  }

  #control(event: CloudEvent): void {
    if (event.type !== 'dev.carillon.resumed') return
    const { replayed } = event.data as { replayed: number } // docs/protocol.md, Control events
    this.replayed += replayed
    if (this.#downSinceMs !== null) this.reconnectsMs.push(Date.now() - Math.max(this.#downSinceMs, this.#heldUntilMs))
    this.#downSinceMs = null
  }

  #opened(): void {
    this.connections += 1
  }

  #ended(code: number): void {
    this.#downSinceMs ??= Date.now()
    this.closeCodes.set(code, (this.closeCodes.get(code) ?? 0) + 1)
  }

  #countOnWire(text: string): void {
    const { id, source, type } = JSON.parse(text) as CloudEvent // what a gateway sends is a CloudEvent
    if (type.startsWith('dev.carillon.')) return
    const key = `${source} ${id}`
    if (this.#seenOnWire.has(key)) this.wireDuplicates += 1
    this.#seenOnWire.add(key)
  }

  /** The constructor that the SDK is given: it chooses a gateway for each connection. */
  #sockets(): typeof globalThis.WebSocket {
    const choosePort = (): number => (Date.now() < this.#heldUntilMs ? 1 : this.#ports())
    const made = (socket: WsWebSocket): void => {
      this.#socket = socket
      socket.on('message', (text) => this.#countOnWire(String(text)))
    }
    class Cable extends WsWebSocket {
      constructor(url: string, protocols: string[]) {
        const chosen = new URL(url)
        chosen.port = String(choosePort())
        super(chosen.href, protocols)
        made(this)
      }
    }
    // ws implements the members of the standard's WebSocket that the SDK uses.
    return Cable as unknown as typeof globalThis.WebSocket
  }
}
