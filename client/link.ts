import type { Ending } from './ending.ts'
import { openEventStream } from './event-stream.ts'
import type { Transport } from './types.ts'
import { openWebSocket } from './web-socket.ts'

/** What one connection, over whichever transport, is made from. */
export interface LinkRequest {
  readonly url: URL
  readonly token: (() => string | null | undefined | Promise<string | null | undefined>) | undefined
  readonly openTimeoutMs: number
  readonly WebSocket: typeof globalThis.WebSocket
  readonly fetch: typeof globalThis.fetch
}

export interface LinkHandlers {
  /** The transport got through; whether the gateway admits the client is not known yet. */
  opened(): void
  message(text: string): void
  /** At most once, and nothing is called after it. */
  ended(ending: Ending): void
}

/** A transport owes: it stops when the signal aborts; rejecting or throwing is an ending like any other. */
export type OpenTransport = (request: LinkRequest, token: string | null | undefined, handlers: LinkHandlers, signal: AbortSignal) => void | Promise<void>

const transports: Record<Transport, OpenTransport> = { websocket: openWebSocket, sse: openEventStream }

/** Opens one connection. @returns what ends it; no handler is called afterwards */
export function openLink(transport: Transport, request: LinkRequest, handlers: LinkHandlers): () => void {
  const abort = new AbortController()
  const { signal } = abort
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = (): void => {
    clearTimeout(timer)
    abort.abort()
  }
  const guarded: LinkHandlers = {
    opened: () => {
      clearTimeout(timer)
      handlers.opened()
    },
    message: (text) => {
      if (!signal.aborted) handlers.message(text)
    },
    ended: (ending) => {
      if (signal.aborted) return
      stop()
      handlers.ended(ending)
    },
  }
  const run = async (): Promise<void> => {
    // Not before the caller has what stops this link.
    await Promise.resolve()
    const token = await request.token?.()
    if (signal.aborted) return
    timer = setTimeout(() => guarded.ended({ code: 1006, reason: 'The connection took too long to open.' }), request.openTimeoutMs)
    await transports[transport](request, token, guarded, signal)
  }
  run().catch((error: unknown) => guarded.ended({ code: 1006, reason: String(error) }))
  return stop
}
