// Receives by ws. Arguments: URL, token, and the subprotocols to offer beside the token.
import { load, more, token, url, write, writeMessage } from './lines.mjs'

const { WebSocket } = load('ws')
const socket = new WebSocket(url, [...more, `bearer.${token}`])
socket.on('open', () => write('open', { protocol: socket.protocol }))
socket.on('message', (data) => {
  if (writeMessage(String(data))) socket.close(1000)
})
socket.on('unexpected-response', (_request, response) => {
  response.setEncoding('utf8')
  let body = ''
  response.on('data', (text) => (body += text))
  response.on('end', () => {
    write('refused', { status: response.statusCode, body })
    process.exit(0)
  })
})
// It also reports a server that selects no subprotocol.
socket.on('error', ({ message }) => write('error', { message }))
socket.on('close', (code) => write('close', { code }))
