import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent, request } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { parseRequest, type ApiRequest } from './api-request.ts'
import type { ControlPlane } from '../../testing/control-plane/control-plane.ts'

/** A request that went through, and what became of it. */
export interface RecordedRequest extends ApiRequest {
  readonly path: string
  /** Of `performance.now()`: when it had come here whole, and went on to the API server. */
  readonly startedAtMs: number
  /** When its answer began; null: not yet, or never. */
  readonly answeredAtMs: number | null
  /** HTTP status; 0: there was no answer. */
  readonly code: number
}

/** Stands between one operator and the API server of a test, and writes down everything that is asked. */
export interface RecordingProxy {
  /** In the order in which they came. */
  readonly requests: readonly RecordedRequest[]
  /** The kubeconfig of a user who comes this way, as text. */
  kubeconfig(token: string): string
  /** Takes connections no longer, and cuts those that there are, until `resume`: as a network that fails for one operator alone. */
  cut(): void
  resume(): void
  stop(): Promise<void>
}

/** What changes nothing. */
export const readingVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

/** Writes but for those to the Lease, and to Events, which tell of writes and are none. */
export function changesIn(requests: readonly RecordedRequest[]): readonly RecordedRequest[] {
  return requests.filter(({ verb, resource }) => !readingVerbs.has(verb) && resource !== 'leases' && resource !== 'events')
}

/** Speaks plain HTTP on 127.0.0.1, and HTTPS to the API server; the token of whoever asks goes along. */
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
    if (body === null) return // whoever asked is gone
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
        answer.flushHeaders() // a watch without events has a head all the same
        answered.pipe(answer)
        answered.once('error', () => answer.destroy())
      },
    )
    sent.once('error', () => answer.destroy())
    answer.once('close', () => sent.destroy())
    sent.end(body)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a server that listens on TCP has an address of this type
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
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk) // no encoding is set on it
  return Buffer.concat(chunks)
}

/** As JSON, which is YAML. */
function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    // Without the last, nobody sends a token in the clear.
    clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'user' } }],
    'current-context': 'proxy',
  })
}
