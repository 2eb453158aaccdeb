import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Problem, renderProblem, withRequestId } from '../../request/problem.ts'

export interface UpgradeAnswer {
  readonly problem: Problem
  readonly requestId: string
  readonly headers?: Readonly<Record<string, string>>
  /** Time for the client to read the answer and hang up, in milliseconds. */
  readonly lingerMs: number
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/**
 * Answers a request for an upgrade with a problem, and ends the connection. Early bytes of the client are read and dropped. A socket that
 * is closed with unread bytes is reset, and the answer may be lost with it.
 */
export function refuseUpgrade(socket: Duplex, answer: UpgradeAnswer): void {
  const cut = setTimeout(() => socket.destroy(), answer.lingerMs)
  socket.once('close', () => clearTimeout(cut))
  socket.end(renderAnswer(answer))
  socket.resume()
}

function renderAnswer({ problem, requestId, headers, nowMs }: UpgradeAnswer): Buffer {
  const { status, headers: own, body } = withRequestId(renderProblem(problem), requestId)
  const all = { ...own, ...headers, date: new Date(nowMs).toUTCString(), 'content-length': String(body.length), connection: 'close' }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`, 'latin1'), body])
}
