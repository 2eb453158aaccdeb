import type { Ending } from './ending.ts'
import type { OpenTransport } from './transport.ts'
import { createSseParser } from './sse-parser.ts'

/**
 * The channel over Server-Sent Events (docs/protocol.md, SSE). It uses fetch, because an EventSource can neither carry a token nor see a
 * refusal.
 */
export const openEventStream: OpenTransport = async ({ url, fetch }, token, handlers, signal) => {
  const response = await fetch(url.href.replace(/^ws/, 'http'), {
    headers: { accept: 'text/event-stream', ...(token && { authorization: `Bearer ${token}` }) },
    credentials: 'include',
    cache: 'no-store',
    signal,
  })
  const contentType = response.headers.get('content-type') ?? ''
  if (!response.ok || !response.body || !contentType.startsWith('text/event-stream'))
    return handlers.ended(await readRefusal(response, contentType))
  handlers.opened()
  const parse = createSseParser((type, data) => {
    if (type === 'close') handlers.ended(readClose(data))
    else handlers.message(data)
  })
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return handlers.ended({ code: 1006, reason: 'The stream ended.' })
    parse(decoder.decode(value, { stream: true }))
  }
}

/** Only a problem document of the gateway decides whether to reconnect: any other answer comes from a proxy, and will pass. */
async function readRefusal(response: Response, contentType: string): Promise<Ending> {
  const problem = contentType.startsWith('application/problem+json') ? await response.json() : null
  const code = String(problem?.type).endsWith(':bad-cursor') ? 4005 : problem ? response.status : 1006
  return {
    code,
    reason: problem?.detail ?? `HTTP ${response.status}`,
    retryAfterMs: 1000 * Number(response.headers.get('retry-after')),
  }
}

function readClose(text: string): Ending {
  const close = JSON.parse(text)
  return { code: close.code, reason: close.text, retryAfterMs: close.reconnectAfterMs }
}
