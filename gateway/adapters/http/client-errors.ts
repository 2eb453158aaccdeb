import { type IncomingMessage, type Server, STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from '../../../program/log/logger.ts'
import { fixedProblem, type Problem, renderProblem, withRequestId } from '../../request/problem.ts'
import { requestIdOf } from '../../request/request-id.ts'

/**
 * Time for a client to read the answer before the connection is cut. A cut with unread bytes resets the connection, and the answer may be
 * lost.
 */
const lingerMs = 1000

/**
 * Answers bytes that never become a request: they are not HTTP, their head is too large, or they arrive too slowly. An answer that has
 * begun is never written into: its connection is cut.
 * @param refused called with the status of each answer, and with the request if the answer concerns its body
 */
export function answerClientErrors(
  server: Server,
  refused: (status: number, request: IncomingMessage | null) => void,
  logger: Pick<Logger, 'debug'>,
): (error: NodeJS.ErrnoException, socket: Duplex) => void {
  const exchanges = new WeakMap<Duplex, Exchange>()
  const answered = new WeakSet<Duplex>()
  server.prependListener('request', (request, response) => exchanges.set(request.socket, { request, response }))
  return (error, socket) => {
    if (answered.has(socket)) return
    answered.add(socket)
    const exchange = exchanges.get(socket)
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswerUnderWay(exchange)) {
      socket.destroy()
      return
    }
    const verdict = classify(error)
    const requestId = requestIdOf(exchange?.request.headers ?? {})
    refused(verdict.status, exchange === undefined || exchange.request.complete ? null : exchange.request)
    logger.debug({ requestId, status: verdict.status, problem: verdict.problem.type }, 'request refused')
    socket.end(renderRaw(verdict, requestId))
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Also true when a request was answered before all of its body arrived: the client has its answer. */
function isAnswerUnderWay(exchange: Exchange | undefined): boolean {
  if (exchange === undefined) return false
  const { request, response } = exchange
  return response.headersSent && !(response.writableFinished && request.complete)
}

function classify({ code }: NodeJS.ErrnoException): Verdict {
  return verdicts.get(code) ?? notHttp
}

interface Verdict {
  readonly problem: Problem
  readonly status: number
}

const verdicts: ReadonlyMap<string | undefined, Verdict> = new Map<string | undefined, Verdict>([
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    {
      problem: fixedProblem({
        type: 'request-timeout',
        detail: 'The request did not arrive in time. Send its head and body without pauses.',
      }),
      status: 408,
    },
  ],
  [
    'HPE_HEADER_OVERFLOW',
    {
      // 431 is the only status of HTTP that fits. The members of a problem may replace the status of its type.
      problem: fixedProblem({
        type: 'bad-request',
        detail: 'The head of the request is larger than 32 KiB, or has too many headers. Send fewer cookies and headers.',
        members: { status: 431 },
      }),
      status: 431,
    },
  ],
  [
    'HPE_CHUNK_EXTENSIONS_OVERFLOW',
    {
      problem: fixedProblem({
        type: 'body-too-large',
        detail: 'The chunk extensions of the body are larger than the limit. Leave them out.',
      }),
      status: 413,
    },
  ],
])
const notHttp: Verdict = { problem: fixedProblem({ type: 'bad-request', detail: 'This is not HTTP/1.1.' }), status: 400 }

function renderRaw({ problem, status }: Verdict, requestId: string): Buffer {
  const { headers, body } = withRequestId(renderProblem(problem), requestId)
  const all = { ...headers, 'x-content-type-options': 'nosniff', 'content-length': String(body.length), connection: 'close' }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`, 'latin1'), body])
}
