import type { CloudEvent, ConnectionState, Gap } from '../../../client/index.ts'
import { connect, type SendingConnection } from '../../../client/send.ts'

export interface LiveOptions {
  /** Paths of the WebSocket and of the event stream on this host. */
  readonly url: string
  readonly eventsUrl: string
  readonly transport: 'auto' | 'websocket' | 'sse'
  readonly cursor: string | null
  readonly token: () => Promise<string | null>
  readonly onEvent: (event: CloudEvent) => void
  readonly onControl: (event: CloudEvent) => void
  readonly onGap: (gap: Gap) => void
  readonly onStateChange: (state: ConnectionState) => void
  readonly onError: (error: unknown) => void
}

export interface LiveConnection {
  readonly connection: SendingConnection
  /** Cuts the transport as a network would, without the client's knowledge. */
  cut(): void
}

/** A close code outside the gateway's ranges. The client treats it as a lost connection. */
const cutCode = 3000

/** Opens a client whose transports the page can cut. */
export function openLive(options: LiveOptions): LiveConnection {
  const cuts = new Set<() => void>()
  class CuttableWebSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      const cut = (): void => this.close(cutCode, 'Cut by hand.')
      cuts.add(cut)
      this.addEventListener('close', () => cuts.delete(cut))
    }
  }
  const cuttableFetch: typeof fetch = (input, init = {}) => {
    const abort = new AbortController()
    const cut = (): void => abort.abort(new Error('Cut by hand.'))
    cuts.add(cut)
    // Not `AbortSignal.any`: WebKit collects a signal that only the request holds, and then nothing ends the stream.
    init.signal?.addEventListener('abort', () => {
      cuts.delete(cut)
      abort.abort()
    })
    return fetch(input, { ...init, signal: abort.signal })
  }
  const connection = connect({ ...options, WebSocket: CuttableWebSocket, fetch: cuttableFetch })
  return {
    connection,
    cut: () => {
      for (const cut of cuts) cut()
    },
  }
}
