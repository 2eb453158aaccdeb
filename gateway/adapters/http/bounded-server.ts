import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { checkHost, isPlainTarget, readRequestTarget, renderOriginForm } from '../../request/request-target.ts'
import { fixedProblem, type Problem, renderProblem, withRequestId } from '../../request/problem.ts'
import { requestIdOf } from '../../request/request-id.ts'
import { ConnectionGuard, type GuardParts, type GuardSettings } from './connection-guard.ts'

export interface BoundedServerSettings extends Pick<GuardSettings, 'port' | 'maxConnections' | 'headroom'> {
  /**
   * Time for the head of a request to arrive, in milliseconds. Head and body together have three times as long, and so has the reading of
   * an answer.
   */
  readonly headTimeoutMs: number
}

export interface BoundedServer {
  readonly server: Server
  readonly guard: ConnectionGuard
  /**
   * Serves requests whose head follows RFC 9112, and answers the others with a problem. The handler gets the target in the origin form.
   * @param refused called with the status of each problem
   */
  serve(handler: RequestListener, refused?: (status: number, request: IncomingMessage) => void): void
}

export const maxHeadBytes = 32 * 1024

/** Makes a server on which a peer can hold no more than this file and `ConnectionGuard` allow. */
export function createBoundedServer(settings: BoundedServerSettings, parts: GuardParts): BoundedServer {
  const { headTimeoutMs } = settings
  const server = createServer({
    maxHeaderSize: maxHeadBytes,
    headersTimeout: headTimeoutMs,
    // Time for head and body together. Streams and sockets have no such limit: their requests have arrived.
    requestTimeout: 3 * headTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, Math.ceil(headTimeoutMs / 4)),
    noDelay: true,
    // Node would answer without a body. `checkHead` answers with a problem.
    requireHostHeader: false,
  })
  // The guard listens for upgrades, and Node would hand over all of them. A server that serves WebSockets replaces this.
  Object.assign(server, { shouldUpgradeCallback: () => false })
  const guard = new ConnectionGuard(server, { ...settings, maxHeadBytes, unreadTimeoutMs: 3 * headTimeoutMs }, parts)
  return {
    server,
    guard,
    serve: (handler, refused = () => {}) => {
      const answer = (request: IncomingMessage, response: ServerResponse, problem: Problem): void => {
        const requestId = requestIdOf(request.headers)
        response.once('finish', () => refused(response.statusCode, request))
        answerProblem(response, problem, requestId)
        parts.logger.debug({ requestId, method: request.method, status: response.statusCode, problem: problem.type }, 'request refused')
      }
      server.on('request', (request, response) => {
        if (!guard.enter(request, response)) return
        const problem = checkHead(request)
        if (problem === null) handler(request, response)
        else answer(request, response, problem)
      })
      // Clients that ask first get their 100 when the body is read (request-body.ts). A refusal reaches them before they send it.
      server.on('checkContinue', (request, response) => server.emit('request', request, response))
      server.on('checkExpectation', (request, response) => {
        if (guard.enter(request, response)) answer(request, response, unknownExpectation)
      })
    },
  }
}

/**
 * Rewrites the target of the request to the origin form.
 * @returns the fault of the head, or null
 */
function checkHead(request: IncomingMessage): Problem | null {
  const host = checkHost(request)
  if (host !== null || isPlainTarget(request.url ?? '')) return host
  const target = readRequestTarget(request.url ?? '')
  if (!target.ok) return target.error
  request.url = renderOriginForm(target.value)
  if (target.value.authority !== null) request.headers.host = target.value.authority
  return null
}

/** Answers with a problem and keeps the connection: the end of the request is known, and the rest of its body is read and dropped. */
function answerProblem(response: ServerResponse, problem: Problem, requestId: string): void {
  const { status, headers, body } = withRequestId(renderProblem(problem), requestId)
  response.writeHead(status, { ...headers, 'x-content-type-options': 'nosniff', 'content-length': String(body.length) })
  response.end(body)
}

const unknownExpectation = fixedProblem({
  type: 'expectation-failed',
  detail: 'The Expect header is not supported. Leave it out, or send 100-continue.',
})
