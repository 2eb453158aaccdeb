import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent, request } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { parseRequest, type ApiRequest } from './api-request.ts'
import type { ControlPlane } from '../../testing/control-plane/control-plane.ts'

/** A request through the proxy, and its response. */
export interface RecordedRequest extends ApiRequest {
  readonly path: string
  /** Time of `performance.now()` when the request had arrived completely and was forwarded. */
  readonly startedAtMs: number
  /** Time when the response started. Null: not yet, or never. */
  readonly answeredAtMs: number | null
  /** HTTP status. 0: there was no response. */
  readonly code: number
}

/** A proxy between one operator and the API server of a test. It records every request. */
export interface RecordingProxy {
  /** Requests in order of arrival. */
  readonly requests: readonly RecordedRequest[]
  /** Kubeconfig of a user that connects through the proxy, as text. */
  kubeconfig(token: string): string
  /** Accepts no connections and cuts the existing ones, until `resume`: a network failure for one operator alone. */
  cut(): void
  resume(): void
  stop(): Promise<void>
}

/** Verbs that change nothing. */
export const readingVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

/** Returns the writes, except those of the Lease and of Events. */
export function changesIn(requests: readonly RecordedRequest[]): readonly RecordedRequest[] {
  return requests.filter(({ verb, resource }) => !readingVerbs.has(verb) && resource !== 'leases' && resource !== 'events')
}

/** Speaks plain HTTP on 127.0.0.1, and HTTPS to the API server. Forwards the client's token. */
export async function startRecordingProxy(plane: Pick<ControlPlane, 'server' | 'certificateAuthority'>): Promise<RecordingProxy> {
  const requests: RecordedRequest[] = []
  const sockets = new Set<Socket>()
  const agent = new Agent({ keepAlive: true, ca: plane.certificateAuthority })
  let isCut = false
  const server = createServer({ keepAliveTimeout: 120_000 }, (asked, answer) => void forward(asked, answer))
  server.on('connection', (socket) => {
    if (isCut) return void socket.destroy()
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })

  async function forward(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await readAll(asked).catch(() => null)
    if (body === null) return // the client is gone
    const path = asked.url ?? '/'
    const at =
      requests.push({ ...parseRequest(asked.method ?? 'GET', path), path, startedAtMs: performance.now(), answeredAtMs: null, code: 0 }) - 1
    const note = (code: number): void => {
      const recorded = requests[at]
      if (recorded !== undefined) requests[at] = { ...recorded, code, answeredAtMs: performance.now() }
    }
    const { host: _, connection: __, ...headers } = asked.headers
    const send = plane.server.startsWith('http:') ? httpRequest : request
    const sent = send(
      `${plane.server}${path}`,
      { method: asked.method, headers: { ...headers, 'content-length': String(body.length) }, agent },
      (answered) => {
        note(answered.statusCode ?? 0)
        answer.writeHead(answered.statusCode ?? 502, answered.headers)
        answer.flushHeaders() // a watch without events still sends its head
        answered.pipe(answer)
        answered.once('error', () => answer.destroy())
      },
    )
    sent.once('error', () => answer.destroy())
    answer.once('close', () => sent.destroy())
    sent.end(body)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // the address of a TCP server
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    requests,
    kubeconfig: (token) => kubeconfigOf(`http://127.0.0.1:${port}`, token),
    cut: () => {
      isCut = true
      cutAll()
    },
    resume: () => {
      isCut = false
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      cutAll()
      await closed
      agent.destroy()
    },
  }
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk) // the stream has no encoding
  return Buffer.concat(chunks)
}

/** The kubeconfig as JSON, which is YAML. */
function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    // Without this, clients send no token over plain HTTP.
    clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'user' } }],
    'current-context': 'proxy',
  })
}
