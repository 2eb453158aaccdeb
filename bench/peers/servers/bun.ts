/** `Bun.serve` with its publish-subscribe, as its documentation has it, and tokens and users as in `ws.ts`. Runs on Bun alone. */
import { readServerEnvironment } from './environment.ts'
import { createVerifier } from './verifier.ts'

/** Part of its interface that is used here; its types are not a dependency of this repository. */
declare const Bun: {
  serve(options: ServeOptions): BunServer
}

interface ServeOptions {
  readonly hostname: string
  readonly port: number
  readonly fetch: (request: Request, server: BunServer) => Promise<Response | undefined>
  readonly websocket: {
    readonly open: (socket: BunSocket) => void
    /** It must be there. */
    readonly message: () => void
  }
}

interface BunServer {
  upgrade(request: Request, options: { readonly data: SocketData }): boolean
  publish(topic: string, text: string): number
  stop(closesConnections: boolean): Promise<void>
}

interface SocketData {
  readonly user: string
}

interface BunSocket {
  readonly data: SocketData
  subscribe(topic: string): void
}

const environment = readServerEnvironment(process.env)
const verify = createVerifier(environment)
const broadcastTopic = 'all'
const topicOf = (user: string): string => `user:${user}`

// Not named here, so as by default: no compression, a ping in 120 idle seconds, 16 MB of backpressure after which messages are dropped.
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: environment.port,
  fetch: (request) => (request.method === 'POST' ? publish(request) : connect(request)),
  websocket: {
    open: (socket) => {
      socket.subscribe(broadcastTopic)
      socket.subscribe(topicOf(socket.data.user))
    },
    message: () => {},
  },
})

async function connect(request: Request): Promise<Response | undefined> {
  const user = await verify(request.headers.get('authorization')?.replace(/^Bearer /, '') ?? '')
  if (user === null) return new Response(null, { status: 401 })
  return server.upgrade(request, { data: { user } }) ? undefined : new Response(null, { status: 400 })
}

/** `POST /publish` takes JSON for all users, or with `?user=` for one. */
async function publish(request: Request): Promise<Response> {
  const url = new URL(request.url)
  if (url.pathname !== '/publish') return new Response(null, { status: 404 })
  if (request.headers.get('authorization') !== `Bearer ${environment.key}`) return new Response(null, { status: 401 })
  const user = url.searchParams.get('user')
  server.publish(user === null ? broadcastTopic : topicOf(user), JSON.stringify(await request.json()))
  return new Response(null, { status: 202 })
}

process.on('SIGTERM', () => {
  void server.stop(true)
  setTimeout(() => process.exit(0), 500)
})
