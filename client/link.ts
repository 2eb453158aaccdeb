import type { Ending } from './ending.ts'
import { openEventStream } from './event-stream.ts'
import type { LinkHandlers, LinkRequest } from './transport.ts'
import type { Transport } from './types.ts'
import { openWebSocket } from './web-socket.ts'

/**
 * Opens one connection, and ends it after too much silence: a network that is gone sends no goodbye.
 * @returns a function that ends it; no handler is called afterwards
 */
export function openLink(transport: Transport, request: LinkRequest, handlers: LinkHandlers): () => void {
  const abort = new AbortController()
  const { signal } = abort
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = (): void => {
    clearTimeout(timer)
    abort.abort()
  }
  const endAfter = (ms: number, reason = 'The gateway said nothing.'): void => {
    clearTimeout(timer)
    if (ms && !signal.aborted) timer = setTimeout(() => guarded.ended({ code: 1006, reason }), ms)
  }
  const guarded = {
    opened: () => {
      endAfter(request.openTimeoutMs)
      handlers.opened()
    },
    message: (text: string) => {
      if (!signal.aborted) endAfter(handlers.message(text))
    },
    ended: (ending: Ending) => {
      if (signal.aborted) return
      stop()
      handlers.ended(ending)
    },
  }
  const run = async (): Promise<void> => {
    // The first `await`: not before the caller has the function that stops this link.
    const token = await (await request.token)?.()
    if (signal.aborted) return
    // A WebSocket would throw, and the client would retry as after a network failure.
    if (token && /[^\w.-]/.test(token)) return guarded.ended({ code: 4001, reason: 'The token must be a JWT alone, without "Bearer ".' })
    endAfter(request.openTimeoutMs, 'The connection took too long to open.')
    const open = transport === 'sse' ? openEventStream : openWebSocket
    await open(request, token, guarded, signal)
  }
  run().catch((error: unknown) => guarded.ended({ code: 1006, reason: String(error) }))
  return stop
}
