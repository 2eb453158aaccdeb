/** A typical hand-written server: a broadcast with `ws`, as its README has it, with tokens, users and a heartbeat. */
import { WebSocket, WebSocketServer } from 'ws'
import { createPublishServer } from './by-hand.ts'
import { readServerEnvironment } from './environment.ts'
import { createVerifier } from './verifier.ts'

const environment = readServerEnvironment(process.env)
const verify = createVerifier(environment)
const wss = new WebSocketServer({ noServer: true })
const ofUser = new Map<string, Set<WebSocket>>()
const alive = new WeakSet<WebSocket>()

const server = createPublishServer(environment.key, (event, user) => {
  const text = JSON.stringify(event)
  for (const socket of user === null ? wss.clients : (ofUser.get(user) ?? [])) if (socket.readyState === WebSocket.OPEN) socket.send(text)
})

server.on('upgrade', (request, socket, head) => {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
  const decide = async (): Promise<void> => {
    const user = await verify(token)
    if (user === null) socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n')
    else wss.handleUpgrade(request, socket, head, (connection) => welcome(connection, user))
  }
  void decide()
})

function welcome(socket: WebSocket, user: string): void {
  const sockets = ofUser.get(user) ?? new Set()
  ofUser.set(user, sockets.add(socket))
  alive.add(socket)
  socket.on('pong', () => alive.add(socket))
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    sockets.delete(socket)
    if (sockets.size === 0) ofUser.delete(user)
  })
}

setInterval(() => {
  for (const socket of wss.clients) {
    if (!alive.delete(socket)) socket.terminate()
    else socket.ping()
  }
}, 30_000)

process.on('SIGTERM', () => {
  server.close()
  for (const socket of wss.clients) socket.close(1001)
  setTimeout(() => process.exit(0), 500)
})

server.listen(environment.port, '127.0.0.1', 4096)
