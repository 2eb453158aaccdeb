/** A WebSocket. The test plays the server. */
export class SocketDouble extends EventTarget {
  readonly url: URL
  readonly protocols: readonly string[]
  /** True when the client has closed it. */
  isClosed = false

  constructor(url: string, protocols: readonly string[]) {
    super()
    this.url = new URL(url)
    this.protocols = protocols
  }

  get cursor(): string | null {
    return this.url.searchParams.get('cursor')
  }

  close(): void {
    this.isClosed = true
  }

  // ---- actions of the server

  open(): void {
    this.dispatchEvent(new Event('open'))
  }

  /** Sends an event, or text as it is. */
  say(message: object | string): void {
    this.dispatchEvent(new MessageEvent('message', { data: typeof message === 'string' ? message : JSON.stringify(message) }))
  }

  /** Opens and admits, as the gateway does for a client without a backlog. */
  admit(cursor = 'c0'): void {
    this.open()
    this.say(control('resumed', { replayed: 0 }, cursor))
  }

  end(code: number, reason = ''): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  }

  /** Fails the handshake, as a browser reports it. */
  fail(): void {
    this.dispatchEvent(new Event('error'))
    this.end(1006)
  }
}

export interface WebSocketDoubles {
  /** Constructor for `ConnectOptions.WebSocket`. */
  readonly WebSocket: typeof globalThis.WebSocket
  /** All sockets, oldest first. */
  readonly sockets: readonly SocketDouble[]
  /** Newest socket. */
  last(): SocketDouble
}

/**
 *
 * @param onConnect called with each new socket
 */
export function createWebSocketDoubles(onConnect: (socket: SocketDouble) => void = () => {}): WebSocketDoubles {
  const sockets: SocketDouble[] = []
  class MadeSocket extends SocketDouble {
    constructor(url: string, protocols: readonly string[]) {
      super(url, protocols)
      sockets.push(this)
      onConnect(this)
    }
  }
  const last = (): SocketDouble => {
    const newest = sockets.at(-1)
    if (newest === undefined) throw new Error('No socket has been made.')
    return newest
  }
  // True for the client's use: the constructor, close() and the four events.
  return { WebSocket: MadeSocket as unknown as typeof globalThis.WebSocket, sockets, last }
}

export const control = (type: string, data: object, cursor?: string): object => ({
  specversion: '1.0',
  id: `control-${type}`,
  source: 'urn:carillon:channel:test',
  type: `dev.carillon.${type}`,
  data,
  ...(cursor === undefined ? {} : { cursor }),
})

export const anEvent = (id: string, cursor = `c${id}`): object => ({
  specversion: '1.0',
  id,
  source: 'urn:test',
  type: 'test.happened',
  data: { id },
  cursor,
})
