import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { Options } from '../../config/options.ts'
import type { EmitAuthorizer } from '../../emit/authorize-emit.ts'
import type { EmitService } from '../../emit/emit-service.ts'
import { describeEndpoints, type EndpointSettings, routeOf } from './endpoints.ts'
import type { EmitDecoderOptions } from './emit-decoders.ts'
import { emitEvents } from './emit-routes.ts'
import { type FramesParts, takeFrames } from './frames-route.ts'
import { renderOpenApi } from './openapi.ts'
import { replyBytes, replyProblem } from './replies.ts'
import { fixedProblem } from '../../request/problem.ts'
import { createBodyReader } from './request-body.ts'
import { revokeTokens, type RevocationRouteParts } from './revocation-route.ts'
import { streamEvents, type StreamParts } from './stream-route.ts'
import { issueToken, type TokenParts } from './token-route.ts'

export interface RouteParts extends StreamParts, FramesParts, Omit<RevocationRouteParts, 'bodies'> {
  readonly options: StreamParts['options'] & EmitDecoderOptions & EndpointSettings & Pick<Options, 'jwtCookie'>
  readonly authorizer: EmitAuthorizer
  readonly emitService: EmitService
  /** Asset by path; null: the console is off. */
  readonly consoleAssets: ReadonlyMap<string, ConsoleAsset> | null
  /** Null outside of development mode: the endpoint does not exist then. */
  readonly issueToken: TokenParts['issueToken'] | null
  /** Version of this program, for the OpenAPI document. */
  readonly version: string
}

export interface ConsoleAsset {
  readonly contentType: string
  readonly body: Buffer
  /** Content-Security-Policy of a page and the like. They win over the defaults. */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Limit on the bodies of all requests together: this many bytes, or four of the largest bodies if that is more. It bounds what emitters can
 * make this process hold.
 */
const leastTotalBodyBytes = 64 * 1024 * 1024

/** The same for frames of clients: four thousand of the usual size. */
const leastTotalFrameBytes = 16 * 1024 * 1024

/** Registers every route of the public port. */
export function addRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { options } = parts
  const endpoints = describeEndpoints(options)
  const bodies = createBodyReader({
    maxBytes: options.emitMaxBodyBytes,
    option: 'EMIT_MAX_BODY_BYTES',
    maxTotalBytes: Math.max(leastTotalBodyBytes, 4 * options.emitMaxBodyBytes),
  })
  const emitParts = { ...parts, bodies }
  addRoute(app, endpoints.emitMessage, emitEvents(emitParts, 'emit-message'))
  addRoute(app, endpoints.emitEvents, emitEvents(emitParts, 'events'))
  addRoute(app, endpoints.revokeTokens, revokeTokens(emitParts))
  const frameBodies = createBodyReader({
    maxBytes: options.maxInboundFrameBytes,
    option: 'MAX_INBOUND_FRAME_BYTES',
    maxTotalBytes: Math.max(leastTotalFrameBytes, 4 * options.maxInboundFrameBytes),
  })
  addRoute(app, endpoints.sendFrame, takeFrames({ ...parts, bodies: frameBodies }))
  // No HEAD route: it would need admission and have no body.
  app.route({ method: 'GET', url: endpoints.streamEvents.path, handler: streamEvents(parts) })
  addRoute(app, endpoints.openSocket, async (_request, reply) =>
    replyProblem(reply, upgradeRequired, { upgrade: 'websocket', connection: 'Upgrade' }),
  )
  addRoute(app, endpoints.health, async (_request, reply) => replyBytes(reply, 200, healthy))
  const { developmentToken, ...withoutToken } = endpoints
  if (parts.issueToken !== null) addRoute(app, developmentToken, issueToken({ issueToken: parts.issueToken, bodies }))
  const documented = Object.values(parts.issueToken === null ? withoutToken : endpoints)
  const description = renderOpenApi(documented, { channel: options.channel, cookieName: options.jwtCookie, version: parts.version })
  // With line breaks: people open it in a browser.
  const document = Buffer.from(`${JSON.stringify(description, null, 2)}\n`)
  addRoute(app, endpoints.describeApi, async (_request, reply) => replyBytes(reply, 200, document))
  for (const [path, asset] of parts.consoleAssets ?? []) addRoute(app, { method: 'GET', path }, servesAsset(asset))
  // The bare address and the address with a slash lead to the console.
  if (parts.consoleAssets !== null)
    for (const path of ['/', '/console/'])
      addRoute(app, { method: 'GET', path }, async (_request, reply) => reply.redirect('/console', 302))
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Adds a route. A path that answers GET also answers HEAD. */
function addRoute(
  app: FastifyInstance,
  { method, path }: { readonly method: 'GET' | 'POST'; readonly path: string },
  handler: Handler,
): void {
  const methods: HTTPMethods[] = method === 'GET' ? ['GET', 'HEAD'] : [method]
  app.route({ method: methods, url: routeOf(path), handler })
}

const healthy = Buffer.from('{"status":"ok"}')

const upgradeRequired = fixedProblem({
  type: 'upgrade-required',
  detail: 'Open a WebSocket here, subprotocol cloudevents.json. Where WebSockets are blocked, use the event stream of the API.',
})

/** Headers of an asset without headers of its own: it is not a page, and may do nothing if it is opened as one. */
const assetHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

function servesAsset({ contentType, body, headers }: ConsoleAsset): Handler {
  const all = { ...assetHeaders, ...headers, 'content-type': contentType }
  return async (_request, reply) => reply.headers(all).send(body)
}
