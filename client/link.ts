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
  /** @returns for how many milliseconds there may be silence then; 0: for ever */
  message(text: string): number
  /** At most once, and nothing is called after it. */
  ended(ending: Ending): void
}

/** A transport owes: it stops when the signal aborts; rejecting or throwing is an ending like any other. */
export type OpenTransport = (
  request: LinkRequest,
  token: string | null | undefined,
  handlers: TransportHandlers,
  signal: AbortSignal,
) => void | Promise<void>

type TransportHandlers = { readonly [Name in keyof LinkHandlers]: (...given: Parameters<LinkHandlers[Name]>) => void }

const transports: Record<Transport, OpenTransport> = { websocket: openWebSocket, sse: openEventStream }

/**
 * Opens one connection, and ends it when it is silent for too long: nobody is told when a network is gone without a goodbye.
 * @returns what ends it; no handler is called afterwards
 */
export function openLink(transport: Transport, request: LinkRequest, handlers: LinkHandlers): () => void {
  const abort = new AbortController()
  const { signal } = abort
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = (): void => {
    clearTimeout(timer)
    abort.abort()
  }
  const endAfter = (ms: number, reason: string): void => {
    clearTimeout(timer)
    if (ms && !signal.aborted) timer = setTimeout(() => guarded.ended({ code: 1006, reason }), ms)
  }
  const guarded = {
    opened: () => {
      endAfter(request.openTimeoutMs, 'The gateway said nothing.')
      handlers.opened()
    },
    message: (text: string) => {
      if (!signal.aborted) endAfter(handlers.message(text), 'The gateway fell silent.')
    },
    ended: (ending: Ending) => {
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
    // A WebSocket would throw, and be tried again as if the network were at fault.
    if (token && /[^\w.-]/.test(token))
      return guarded.ended({ code: 4001, reason: 'The token must be a JWT alone, without "Bearer " and white space.' })
    endAfter(request.openTimeoutMs, 'The connection took too long to open.')
    await transports[transport](request, token, guarded, signal)
  }
  run().catch((error: unknown) => guarded.ended({ code: 1006, reason: String(error) }))
  return stop
}
