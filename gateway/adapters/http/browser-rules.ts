import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isLocalHost, type OriginPolicy } from '../../auth/origin-policy.ts'
import { refuseHost, refuseOrigin } from '../../auth/origin-refusal.ts'
import type { Metrics } from '../../observability/metrics.ts'
import type { Problem } from '../../request/problem.ts'
import { replyProblem } from './replies.ts'

export interface BrowserRules {
  readonly isOriginAllowed: OriginPolicy
  /** Accepts only this machine's names in `Host`. Otherwise a page could use any foreign name that points to this machine. */
  readonly isDevelopment: boolean
  readonly metrics: Pick<Metrics, 'handshakesRefused'>
}

/** Checks every request before anything else is done: may a page make it? Gives every answer the headers that browsers obey. */
export function addBrowserRules(app: FastifyInstance, rules: BrowserRules): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(commonHeaders)
    const refusal = isProbe(request) ? null : refusalOf(request, rules)
    if (refusal !== null) return void replyProblem(reply, refusal)
    const { origin } = request.headers
    if (origin !== undefined && !isProbe(request) && rules.isOriginAllowed(origin)) reply.headers(corsHeaders(origin))
    done()
  })
}

function refusalOf(request: FastifyRequest, rules: BrowserRules): Problem | null {
  const origin = request.headers.origin ?? null
  if (rules.isDevelopment && !isLocalHost(request.headers.host)) {
    if (isStream(request)) rules.metrics.handshakesRefused.add(1, { reason: 'request' })
    return refuseHost(origin)
  }
  if (isStream(request) && origin === null && isOfAnotherSite(request)) {
    rules.metrics.handshakesRefused.add(1, { reason: 'origin' })
    return refuseOrigin(null, rules)
  }
  // The stream's admission checks the origin itself, and counts it.
  return isStream(request) || rules.isOriginAllowed(origin) ? null : refuseOrigin(origin, rules)
}

/** Old probes name the pod's address, and learn nothing. */
const isProbe = (request: FastifyRequest): boolean => request.routeOptions.url === '/health'
const isStream = (request: FastifyRequest): boolean => request.method === 'GET' && request.routeOptions.url?.endsWith('/v1/events') === true

/**
 * Returns whether a foreign page asks without naming its origin: an image or a script of it brings the user's cookie and no Origin. The
 * page could not read the stream, but its streams would take the places of the user's own. Browsers have sent Sec-Fetch-Site since 2023.
 */
function isOfAnotherSite({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  return site === 'cross-site' || site === 'same-site'
}

/** Headers of every answer: browsers sniff no content type, and a cache keeps the answers to different origins apart. */
const commonHeaders = { 'x-content-type-options': 'nosniff', vary: 'Origin' } as const

/** Lets a page of an allowed origin read the answer (Fetch standard, CORS). */
const corsHeaders = (origin: string): Readonly<Record<string, string>> => ({
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'Retry-After',
})

/** Request headers that the gateway reads, beyond those that pages may send anyway. x-rh-identity is not among them: only a proxy may send it. */
const headersRead = /^(authorization|cache-control|content-type|last-event-id|prefer|traceparent|tracestate|ce-[a-z0-9]{1,64})$/

/** Headers that tracing libraries and HTTP clients add to each request of a page. The gateway ignores them. */
const headersOfLibraries: ReadonlySet<string> = new Set([
  'baggage',
  'sentry-trace',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'uber-trace-id',
  'x-amzn-trace-id',
  'x-datadog-trace-id',
  'x-datadog-parent-id',
  'x-datadog-origin',
  'x-datadog-sampling-priority',
  'x-datadog-tags',
  'newrelic',
  'elastic-apm-traceparent',
  'request-id',
  'request-context',
  'x-request-id',
  'x-correlation-id',
  'x-requested-with',
  'x-csrf-token',
  'x-xsrf-token',
  'pragma',
])

export interface OptionsAnswer {
  readonly methods: readonly string[]
  /** Names of the configured request headers, in lower case. */
  readonly moreHeaders: ReadonlySet<string>
}

/** Time for which a browser may remember the answer, in seconds. */
const preflightMaxAgeS = 600

/**
 * Answers OPTIONS on a path that exists: a browser's preflight, and any other client.
 */
export function replyOptions(request: FastifyRequest, reply: FastifyReply, { methods, moreHeaders }: OptionsAnswer): FastifyReply {
  reply.code(204).header('allow', methods.join(', '))
  if (request.headers.origin === undefined || request.headers['access-control-request-method'] === undefined) return reply.send()
  const asked = String(request.headers['access-control-request-headers'] ?? '')
    .toLowerCase()
    .split(',')
  const isGranted = (name: string): boolean => headersRead.test(name) || headersOfLibraries.has(name) || moreHeaders.has(name)
  const granted = asked.map((name) => name.trim()).filter(isGranted)
  return reply
    .headers({
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': granted.join(', '),
      'access-control-max-age': String(preflightMaxAgeS),
    })
    .send()
}
