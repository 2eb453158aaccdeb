import { connect, type SendingConnection } from '../../client/send.ts'
import { CuttableSockets, type SocketOptions } from './cuttable-sockets.ts'

export interface SendingSdkClientOptions extends SocketOptions {
  readonly user: string
  /** URL of the channel's socket. */
  readonly url: string
  readonly token: string
  readonly maxBackoffMs: number
}

/** A browser without a browser, which sends: the client SDK over real sockets, which can be cut. */
export class SendingSdkClient {
  readonly user: string
  /** Close codes that the SDK takes as final. */
  readonly refusals: number[] = []
  connections = 0
  readonly #connection: SendingConnection
  readonly #sockets: CuttableSockets

  constructor(options: SendingSdkClientOptions) {
    this.user = options.user
    this.#sockets = new CuttableSockets(options)
    this.#connection = connect({
      url: options.url,
      token: () => options.token,
      transport: 'websocket',
      maxBackoffMs: options.maxBackoffMs,
      WebSocket: this.#sockets.WebSocket,
      onStateChange: (state) => {
        if (state.kind === 'open') this.connections += 1
        if (state.kind === 'closed' && state.code !== 1000) this.refusals.push(state.code)
      },
    })
  }

  get isOpen(): boolean {
    return this.#connection.state.kind === 'open'
  }

  /** Resolves after the acknowledgement, through any number of connections. Rejects as the SDK does. */
  send(id: string, type: string, data: unknown): Promise<void> {
    return this.#connection.send(type, data, { id })
  }

  cut(holdMs: number): void {
    this.#sockets.cut(holdMs)
  }

  close(): void {
    this.#connection.close()
  }
}
