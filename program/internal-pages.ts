import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { HealthVerdict } from './health.ts'
import type { Logger } from './log/logger.ts'
import type { MetricsPage } from './metrics/prometheus.ts'

export interface InternalPagesParts {
  readonly health: { ready(): HealthVerdict; live(): HealthVerdict }
  /** Returns further members of `/readyz`. */
  readonly readiness: () => Readonly<Record<string, unknown>>
  readonly page: MetricsPage
  readonly logger: Logger
  /** Renders the answer to a request for no page of this port. */
  readonly refuse: (refusal: InternalRefusal, detail: string) => InternalAnswer
}

export type InternalRefusal = 'not-found' | 'method-not-allowed' | 'internal-error'

export interface InternalAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** Returns the handler of the internal port, which is not exposed: probes at `/livez` and `/readyz`, metrics at `/metrics`. */
export function internalPages(parts: InternalPagesParts): RequestListener {
  const shared = { ...parts, page: { contentType: parts.page.contentType, render: sharedWhileItRuns(() => parts.page.render()) } }
  return (request, response) => {
    void answer(request, shared).then((made) => send(response, made, request.method === 'HEAD')) // never rejects: `answer` catches
  }
}

/** Gives one page to all requests that come while it is made. A page costs time and memory, and the port is open to the cluster. */
function sharedWhileItRuns<T>(make: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  return () =>
    (running ??= make().finally(() => {
      running = null
    }))
}

type Page = (parts: InternalPagesParts) => Promise<InternalAnswer> | InternalAnswer

const pages: ReadonlyMap<string, Page> = new Map<string, Page>([
  ['/livez', ({ health }) => healthPage(health.live(), {})],
  ['/readyz', ({ health, readiness }) => healthPage(health.ready(), readiness())],
  ['/metrics', async ({ page }) => pageOf(200, page.contentType, await page.render())],
])

async function answer(request: IncomingMessage, parts: InternalPagesParts): Promise<InternalAnswer> {
  const [path = ''] = (request.url ?? '').split('?')
  const page = pages.get(path)
  if (page === undefined) return parts.refuse('not-found', 'This port has /livez, /readyz and /metrics.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return withAllow(parts.refuse('method-not-allowed', 'Use GET.'))
  try {
    return await page(parts)
  } catch (error) {
    parts.logger.error({ err: error, path }, 'internal page failed')
    return parts.refuse('internal-error', 'The page could not be made. The log has the reason.')
  }
}

const withAllow = (made: InternalAnswer): InternalAnswer => ({ ...made, headers: { ...made.headers, allow: 'GET, HEAD' } })

function healthPage({ ok, waitingFor }: HealthVerdict, more: Readonly<Record<string, unknown>>): InternalAnswer {
  return pageOf(ok ? 200 : 503, 'application/json', JSON.stringify({ status: ok ? 'ok' : 'waiting', waitingFor, ...more }))
}

const pageOf = (status: number, contentType: string, body: string): InternalAnswer => ({
  status,
  headers: { 'content-type': contentType, 'cache-control': 'no-store' },
  body,
})

function send(response: ServerResponse, { status, headers, body }: InternalAnswer, isHead: boolean): void {
  response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) })
  response.end(isHead ? undefined : body)
}
