import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Health, HealthVerdict } from '../../observability/health.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { PrometheusMetrics } from '../../observability/prometheus.ts'
import { fixedProblem, type Problem, renderProblem } from '../../problem.ts'
import { createBoundedServer } from './bounded-server.ts'
import type { GuardParts } from './connection-guard.ts'
import { closerOf, type ListeningServer, listenOn } from './server-lifecycle.ts'

export interface InternalServerParts {
  readonly health: Pick<Health, 'ready' | 'live' | 'conditions' | 'degraded'>
  /** The metrics as a page. */
  readonly page: Pick<PrometheusMetrics, 'render' | 'contentType'>
  readonly metrics: GuardParts['metrics']
  readonly logger: Logger
}

/** Probes and metrics, on a port that is not exposed: `/livez`, `/readyz`, `/metrics`. */
export function createInternalServer(parts: InternalServerParts): ListeningServer {
  const { server, serve } = createBoundedServer(
    { port: 'internal', maxConnections: maxInternalConnections, headroom: maxInternalConnections, headTimeoutMs: internalHeadTimeoutMs },
    { ...parts, clock: () => performance.now() },
  )
  const shared = { ...parts, page: { contentType: parts.page.contentType, render: sharedWhileItRuns(() => parts.page.render()) } }
  serve((request, response) => {
    void answer(request, shared).then((made) => send(response, made, request.method === 'HEAD')) // never rejects: `answer` catches
  })
  return { server, listen: (address) => listenOn(server, address), close: closerOf(server) }
}

/** Probes and scrapes of one pod need a few. */
const maxInternalConnections = 256
const internalHeadTimeoutMs = 10_000

/** Gives requests that come while a page is made that same page: a page costs time and memory, and the port is open to the cluster. */
function sharedWhileItRuns<T>(make: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  return () =>
    (running ??= make().finally(() => {
      running = null
    }))
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

type Page = (parts: InternalServerParts) => Promise<Answer> | Answer

const pages: ReadonlyMap<string, Page> = new Map<string, Page>([
  ['/livez', ({ health }) => healthPage(health.live(), {})],
  ['/readyz', ({ health }) => healthPage(health.ready(), { conditions: health.conditions(), degraded: health.degraded() })],
  ['/metrics', async ({ page }) => metricsPage(page.contentType, await page.render())],
])

async function answer(request: IncomingMessage, parts: InternalServerParts): Promise<Answer> {
  const [path = ''] = (request.url ?? '').split('?')
  const page = pages.get(path)
  if (page === undefined) return renderProblem(notFound)
  if (request.method !== 'GET' && request.method !== 'HEAD') return withAllow(renderProblem(wrongMethod))
  try {
    return await page(parts)
  } catch (error) {
    parts.logger.error({ err: error, path }, 'an internal page could not be made')
    return renderProblem({ type: 'internal-error', detail: 'The page could not be made; the log says why.' })
  }
}

const notFound: Problem = fixedProblem({ type: 'not-found', detail: 'This port has /livez, /readyz and /metrics.' })
const wrongMethod: Problem = fixedProblem({ type: 'method-not-allowed', detail: 'Use GET.' })
const withAllow = (made: Answer): Answer => ({ ...made, headers: { ...made.headers, allow: 'GET, HEAD' } })

function healthPage({ ok, waitingFor }: HealthVerdict, more: Readonly<Record<string, unknown>>): Answer {
  const body = JSON.stringify({ status: ok ? 'ok' : 'waiting', waitingFor, ...more })
  return { status: ok ? 200 : 503, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body }
}

const metricsPage = (contentType: string, body: string): Answer => ({
  status: 200,
  headers: { 'content-type': contentType, 'cache-control': 'no-store' },
  body,
})

function send(response: ServerResponse, { status, headers, body }: Answer, isHead: boolean): void {
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) })
  response.end(isHead ? undefined : body)
}
