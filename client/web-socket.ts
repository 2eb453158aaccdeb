import { readHint } from './ending.ts'
import type { OpenTransport } from './transport.ts'

/** The channel over WebSocket (docs/protocol.md, The socket). */
export const openWebSocket: OpenTransport = ({ url, WebSocket }, token, handlers, signal) => {
  const socket = new WebSocket(url.href.replace(/^http/, 'ws'), token ? ['cloudevents.json', `bearer.${token}`] : ['cloudevents.json'])
  let isOpen = false
  signal.addEventListener('abort', () => socket.close())
  socket.addEventListener('open', () => {
    isOpen = true
    handlers.opened()
  })
  socket.addEventListener('message', (message) => handlers.message(String(message.data)))
  socket.addEventListener('close', ({ code, reason }) => handlers.ended({ code, reason, retryAfterMs: readHint(reason) }))
  socket.addEventListener('error', () => {
    // A close with its code follows, except after a failed handshake in some versions of Node: then this error is all there is.
    if (!isOpen) handlers.ended({ code: 1006, reason: 'The WebSocket did not open.' })
  })
}
