import { WebSocket as WsWebSocket } from 'ws'

export interface SocketOptions {
  /** Origin of the page. A pod that is stopping sends a browser a close code; other clients get an HTTP status, which the SDK does not see. */
  readonly origin?: string
  /** The server's name and the only authority that is trusted. The name resolves to 127.0.0.1: not every resolver knows names below localhost. */
  readonly tls?: { readonly ca: string; readonly servername: string }
  /** Returns the port for the next connection, as a load balancer would choose it. @default the port of the URL */
  readonly ports?: () => number
}

/** A port without a listener. */
const closedPort = 1

/** The WebSockets of one client of the SDK, whose network can be cut. */
export class CuttableSockets {
  /** Constructor for the SDK. It chooses the port of each connection. */
  readonly WebSocket: typeof globalThis.WebSocket
  /** Time until which no connection gets through, in milliseconds since the epoch. */
  heldUntilMs = 0
  #socket: WsWebSocket | null = null

  /** @param made called with each new socket */
  constructor({ tls, origin, ports }: SocketOptions, made: (socket: WsWebSocket) => void = () => {}) {
    const options = { ...(origin === undefined ? {} : { origin }), ...(tls === undefined ? {} : { ...tls, lookup: thisMachine }) }
    const urlOf = (url: string): string => {
      const chosen = new URL(url)
      if (Date.now() < this.heldUntilMs) chosen.port = String(closedPort)
      else if (ports !== undefined) chosen.port = String(ports())
      return chosen.href
    }
    const take = (socket: WsWebSocket): void => {
      this.#socket = socket
      made(socket)
    }
    class Socket extends WsWebSocket {
      constructor(url: string, protocols: string[]) {
        super(urlOf(url), protocols, options)
        take(this)
      }
    }
    // ws implements the members of the standard's WebSocket that the SDK uses.
    this.WebSocket = Socket as unknown as typeof globalThis.WebSocket
  }

  /** Cuts the connection like a network cable, and lets no other through for a while. */
  cut(holdMs: number): void {
    this.heldUntilMs = Date.now() + holdMs
    this.#socket?.terminate()
  }
}

type Found = (error: null, address: string | readonly { readonly address: string; readonly family: number }[], family?: number) => void

function thisMachine(_: string, { all }: { readonly all?: boolean }, found: Found): void {
  if (all === true) found(null, [{ address: '127.0.0.1', family: 4 }])
  else found(null, '127.0.0.1', 4)
}
