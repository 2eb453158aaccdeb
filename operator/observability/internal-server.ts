import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describeAddress, type HostAndPort, listenAddress } from '../../program/options/listen-address.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Health, HealthVerdict } from './health.ts'
import type { PrometheusMetrics } from './prometheus.ts'

export interface InternalServerParts {
  readonly health: Health
  readonly metrics: Pick<PrometheusMetrics, 'render' | 'contentType'>
  readonly logger: Logger
}

export interface InternalServer {
  /** @returns the port, which differs from the one asked for when that was 0. @throws when the address cannot be listened on: the message names it */
  listen(address: HostAndPort): Promise<{ readonly port: number }>
  /** Takes no more connections, ends those that are idle, waits for the others until the deadline, then cuts them. Idempotent. */
  close(options: { readonly deadlineMs: number }): Promise<void>
}

/** Probes and metrics: `/livez`, `/readyz`, `/metrics`. */
export function createInternalServer(parts: InternalServerParts): InternalServer {
  const server = createServer((request, response) => {
    void answer(request, parts).then((made) => send(response, made, request.method === 'HEAD')) // never rejects: `answer` catches
  })
  let closed: Promise<void> | null = null
  return {
    listen: (address) => listenOn(server, address),
    close: ({ deadlineMs }) => (closed ??= close(server, deadlineMs)),
  }
}

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const pages: Readonly<Record<string, (parts: InternalServerParts) => Promise<Answer> | Answer>> = {
  '/livez': ({ health }) => healthPage(health.live(), {}),
  '/readyz': ({ health }) => healthPage(health.ready(), { conditions: health.conditions() }),
  '/metrics': async ({ metrics }) => ({ status: 200, contentType: metrics.contentType, body: await metrics.render() }),
}

async function answer(request: IncomingMessage, parts: InternalServerParts): Promise<Answer> {
  const [path = ''] = (request.url ?? '').split('?')
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined
  if (page === undefined) return json(404, { error: `This port has ${Object.keys(pages).join(', ')}.` })
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'Use GET.' })
  try {
    return await page(parts)
  } catch (error) {
    parts.logger.error({ err: error, path }, 'an internal page could not be made')
    return json(500, { error: 'The page could not be made; the log says why.' })
  }
}

function healthPage({ ok, waitingFor }: HealthVerdict, more: Readonly<Record<string, unknown>>): Answer {
  return json(ok ? 200 : 503, { status: ok ? 'ok' : 'waiting', waitingFor, ...more })
}

const json = (status: number, body: unknown): Answer => ({ status, contentType: 'application/json', body: JSON.stringify(body) })

function send(response: ServerResponse, { status, contentType, body }: Answer, isHead: boolean): void {
  response.writeHead(status, {
    'content-type': contentType,
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(body)),
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  })
  response.end(isHead ? undefined : body)
}

async function listenOn(server: Server, asked: HostAndPort): Promise<{ readonly port: number }> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void =>
      reject(
        new Error(`cannot listen on ${describeAddress(asked)}: ${error.message} (INTERNAL_HOST and INTERNAL_PORT choose another address)`, {
          cause: error,
        }),
      )
    server.once('error', onError)
    server.listen(listenAddress(asked), () => {
      server.off('error', onError)
      resolve()
    })
  })
  return { port: (server.address() as AddressInfo).port } // It listens, and not on a pipe.
}

/** Connections that were opened and never said a word count as busy for Node, and are cut at the deadline: it can be short, probes come again. */
function close(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), deadlineMs)
    // An error says that it was not listening: there is nothing left to do.
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
  })
}
