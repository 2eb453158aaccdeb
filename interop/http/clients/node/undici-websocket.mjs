// Receives by undici's WebSocket. Arguments: URL, token, and the subprotocols to offer beside the token.
import { load, more, token, url, write, writeMessage } from './lines.mjs'

const { WebSocket } = load('undici')
const socket = new WebSocket(url, [...more, `bearer.${token}`])
socket.addEventListener('open', () => write('open', { protocol: socket.protocol }))
socket.addEventListener('message', ({ data }) => {
  if (writeMessage(data)) socket.close(1000)
})
socket.addEventListener('error', () => write('refused', {}))
socket.addEventListener('close', ({ code }) => {
  write('close', { code })
  process.exit(0)
})
