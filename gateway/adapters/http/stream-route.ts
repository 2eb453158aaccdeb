import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Options } from '../../config/options.ts'
import type { Admission, JoinChannel } from '../../session/handshake.ts'
import { readHandshake } from '../../session/read-handshake.ts'
import { replyProblem } from './replies.ts'
import { createSseSocket } from './sse-socket.ts'

export interface StreamParts {
  readonly admission: Admission
  readonly join: JoinChannel
  readonly options: Pick<Options, 'socketBufferBytes' | 'closeTimeoutMs'>
  /** Random number in [0, 1). */
  readonly random: () => number
}

/** Bounds of the time for which a browser waits before it reconnects after a cut, in milliseconds. */
const retryMs = { least: 1000, most: 3000 } as const

/**
 * Opens the event stream of a session, docs/protocol.md section 2. Refusals are HTTP, always with the problem's own status. An
 * `EventSource` does not reconnect by itself after anything but 200. That is right for a token that is not accepted, and the client library
 * handles the rest. 204 is not used: it also stops an `EventSource`, and carries no reason.
 */
export function streamEvents(parts: StreamParts): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const handshake = await parts.admission.admit({
      transport: 'sse',
      subprotocols: [],
      ...readHandshake(request.headers, queryOf(request.url)),
    })
    if (handshake.kind === 'refused') return replyProblem(reply, handshake.problem)
    const headers = textHeaders(reply)
    reply.hijack()
    // A client that left while its token was checked gets no session.
    if (reply.raw.destroyed) return reply
    const wait = Math.round(retryMs.least + parts.random() * (retryMs.most - retryMs.least))
    parts.join(createSseSocket(reply.raw, { ...parts.options, retryMs: wait, headers }), handshake)
    return reply
  }
}

function queryOf(url: string): string {
  const at = url.indexOf('?')
  return at < 0 ? '' : url.slice(at + 1)
}

/** Headers that hooks have set so far: a hijacked answer does not send them by itself. */
function textHeaders(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]))
}
