import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { OriginPolicy } from '../../auth/origin-policy.ts'
import { channelPaths } from '../../config/channel-paths.ts'
import { maxTcpConnections, tcpHeadroom } from '../../config/max-tcp-connections.ts'
import type { Options } from '../../config/options.ts'
import type { Logger } from '../../../program/log/logger.ts'
import { metrics as metricTable, type Metrics } from '../../observability/metrics.ts'
import { addBrowserRules } from './browser-rules.ts'
import { createBoundedServer } from './bounded-server.ts'
import { answerClientErrors } from './client-errors.ts'
import { problemOfError, replyProblem } from './replies.ts'
import { addRoutes, type RouteParts } from './routes.ts'
import { requestIdOf } from '../../request/request-id.ts'
import { listeningServer, type ListeningServer } from '../../../program/listening-server.ts'
import { answerUnrouted } from './unrouted.ts'

export interface PublicServerParts extends RouteParts {
  readonly options: RouteParts['options'] & Pick<Options, 'handshakeTimeoutMs' | 'maxConnections' | 'corsRequestHeaders'>
  readonly isOriginAllowed: OriginPolicy
  readonly isDevelopment: boolean
  /** From now on every answer asks the client to open its next connection elsewhere. Requests in progress are still finished. */
  readonly isDraining: () => boolean
  readonly metrics: Pick<
    Metrics,
    'emitRefused' | 'handshakesRefused' | 'inboundFrames' | 'inboundRefused' | 'connections' | 'connectionsMax' | 'connectionsCut'
  >
  readonly logger: Logger
}

export interface PublicServer extends ListeningServer {
  /** Returns a sentence when connections have run out within the last minute, else null. */
  shortage(): string | null
  /** Notes that a WebSocket was refused: its connection may now give way to others. */
  socketRefused(socket: Socket): void
}

/** Serves the public port: event stream, emit API, console. The caller attaches the WebSocket upgrade to `server`. */
export function createPublicServer(parts: PublicServerParts): PublicServer {
  const { options } = parts
  const { server, guard, serve } = createBoundedServer(
    {
      port: 'public',
      maxConnections: maxTcpConnections(options),
      headroom: tcpHeadroom(options),
      headTimeoutMs: options.handshakeTimeoutMs,
    },
    { ...parts, clock: () => performance.now() },
  )
  const count = refusalCounter(parts.metrics, channelPaths(parts.options).api)
  const app = Fastify({
    serverFactory: (handler) => {
      serve(handler, (status, request) => count(request, status))
      return server
    },
    clientErrorHandler: answerClientErrors(
      server,
      (status, request) => {
        if (request !== null) count(request, status)
      },
      parts.logger,
    ),
    // No hook runs for these requests.
    frameworkErrors: (error, request, reply) => {
      replyProblem(reply, problemOfError(error) ?? somethingBroke)
      logRefusal(request, reply, parts.logger)
    },
    genReqId: ({ headers }) => requestIdOf(headers),
    exposeHeadRoutes: false,
    return503OnClosing: false,
  })
  app.decorateReply('problem', null)
  leaveBodiesAlone(app)
  addBrowserRules(app, parts)
  // At the end of each answer, not at its beginning: the gateway may have begun to stop while a request waited.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (parts.isDraining() || !server.listening) reply.header('connection', 'close')
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    count(request.raw, reply.statusCode)
    countFrame(request, reply, parts.metrics)
    logRefusal(request, reply, parts.logger)
    done()
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOfError(error)
    if (problem === null) parts.logger.error({ err: error, requestId: request.id }, 'request failed')
    return replyProblem(reply, problem ?? somethingBroke)
  })
  answerUnrouted(app, parts.options)
  addRoutes(app, parts)
  return { ...lifecycleOf(app, server), shortage: () => guard.shortage(), socketRefused: (socket) => guard.refused(socket) }
}

function lifecycleOf(app: FastifyInstance, server: Server): ListeningServer {
  const listening = listeningServer(server, { host: 'HOST', port: 'PORT' })
  return {
    ...listening,
    // Not the router's own `listen`: it opens further servers for `localhost`, which would serve no WebSockets.
    listen: async (address) => {
      await app.ready()
      return listening.listen(address)
    },
  }
}

/** Writes a log line about a problem, with the route and not the path: a path may hold a secret. A bug has a line of its own. */
function logRefusal(request: FastifyRequest, { statusCode, problem }: FastifyReply, logger: Logger): void {
  if (problem === null || problem === 'internal-error') return
  logger.debug(
    { requestId: request.id, method: request.method, route: request.routeOptions.url ?? null, status: statusCode, problem },
    'request refused',
  )
}

/** The routes read their bodies themselves. They know whether a body may be sent, and how large it may be. */
function leaveBodiesAlone(app: FastifyInstance): void {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
}

const somethingBroke = {
  type: 'internal-error',
  detail: 'The gateway failed; its log has the reason. Sending the same event again is safe.',
} as const

type EmitStatus = (typeof metricTable.emitRefused.labels.status)[number]
const emitStatuses: ReadonlyMap<string, EmitStatus> = new Map(metricTable.emitRefused.labels.status.map((status) => [status, status]))

const frameRefusals: ReadonlyMap<string, FrameRefusal> = new Map(metricTable.inboundRefused.labels.reason.map((type) => [type, type]))
type FrameRefusal = (typeof metricTable.inboundRefused.labels.reason)[number]

/** Counts a frame that was answered with a problem. Other refusals are answers of their own, and are counted with them. */
function countFrame({ routeOptions }: FastifyRequest, { problem }: FastifyReply, metrics: Pick<Metrics, 'inboundRefused'>): void {
  const reason = problem === null ? undefined : frameRefusals.get(problem)
  if (reason !== undefined && routeOptions.url?.endsWith('/frames') === true) metrics.inboundRefused.add(1, { reason })
}

/** Counts the refusals of all requests that could have been meant to emit. */
function refusalCounter(metrics: Pick<Metrics, 'emitRefused'>, api: string): (request: IncomingMessage, status: number) => void {
  return ({ method = '', url = '' }, status) => {
    if (status < 400) return
    const label = emitStatuses.get(String(status))
    const isFrame = url.startsWith(`${api}/sessions/`)
    const couldEmit = !isFrame && (url.startsWith('/api/') || url.startsWith(`${api}/`)) && !['GET', 'HEAD', 'OPTIONS'].includes(method)
    if (label !== undefined && couldEmit) metrics.emitRefused.add(1, { status: label })
  }
}
