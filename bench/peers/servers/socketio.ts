/** Socket.IO with connection state recovery, tuned as its guide says: WebSocket only, native add-ons, the initial request discarded. */
import { createRequire } from 'node:module'
import type { Server as HttpServer } from 'node:http'
import { join } from 'node:path'
import { createPublishServer } from './by-hand.ts'
import { readServerEnvironment } from './environment.ts'
import { createVerifier } from './verifier.ts'

/** Part of its interface that is used here; the package is not a dependency of this repository. */
interface SocketIo {
  readonly engine: { on(event: 'connection', listener: (socket: object) => void): void }
  use(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void
  on(event: 'connection', listener: (socket: IoSocket) => void): void
  to(room: string): { emit(event: string, data: unknown): void }
  emit(event: string, data: unknown): void
  close(): Promise<void>
}

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: unknown } }
  readonly data: { user?: string }
  join(room: string): void
}

type SocketIoConstructor = new (server: HttpServer, options: object) => SocketIo

const environment = readServerEnvironment(process.env)
const verify = createVerifier(environment)
const roomOf = (user: string): string => `user:${user}`

const server = createPublishServer(environment.key, (event, user) => {
  if (user === null) io.emit('event', event)
  else io.to(roomOf(user)).emit('event', event)
})

// The package has these exports.
const { Server } = createRequire(join(environment.packages, 'package.json'))('socket.io') as { readonly Server: SocketIoConstructor }
const io = new Server(server, {
  transports: ['websocket'],
  serveClient: false,
  connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000, skipMiddlewares: true },
})

io.engine.on('connection', (socket) => {
  // The guide's advice: no code reads it later.
  Object.assign(socket, { request: null })
})

io.use((socket, next) => {
  const decide = async (): Promise<void> => {
    const user = await verify(String(socket.handshake.auth.token))
    if (user !== null) socket.data.user = user
    next(user === null ? new Error('unauthorized') : undefined)
  }
  void decide()
})

io.on('connection', (socket) => {
  if (socket.data.user !== undefined) socket.join(roomOf(socket.data.user))
})

process.on('SIGTERM', () => {
  void io.close()
  setTimeout(() => process.exit(0), 500)
})

server.listen(environment.port, '127.0.0.1', 4096)
