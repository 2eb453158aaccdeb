import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from '../../../program/log/logger.ts'
import type { metrics as metricTable, Metrics } from '../../observability/metrics.ts'
import { GuardedConnection } from './guarded-connection.ts'

export interface GuardSettings {
  /** Name of the server in metrics. */
  readonly port: (typeof metricTable.connections.labels.port)[number]
  /** Limit on the TCP connections of the server. */
  readonly maxConnections: number
  /** Connections left for requests when sessions take all their places. */
  readonly headroom: number
  /** Time for a client to read its answer, in milliseconds. */
  readonly unreadTimeoutMs: number
  /** Limit on the head of a request, in bytes. */
  readonly maxHeadBytes: number
}

export interface GuardParts {
  readonly metrics: Pick<Metrics, 'connections' | 'connectionsMax' | 'connectionsCut'>
  readonly logger: Pick<Logger, 'warn' | 'debug'>
  /** Monotonic time in milliseconds. */
  readonly clock: () => number
}

export type CutReason = (typeof metricTable.connectionsCut.labels.reason)[number]

/** Limit on the requests of one connection that wait for their answers (pipelining, RFC 9112 section 9.3.2). */
export const maxUnansweredRequests = 16
/** Limit on the requests that wait behind another of the same connection, over all connections. */
export const maxPipelinedRequests = 2_048
/** Limit on the bytes of the heads of these requests. */
export const maxPipelinedBytes = 8 * 1024 * 1024
/** Limit on the bytes of unfinished heads, and of heads whose answers are not read, over all connections. */
export const maxHeldHeadBytes = 16 * 1024 * 1024

/** Longer than proxies usually keep an idle connection (60 to 90 s). The proxy uses the connection next, so the proxy must end it first. */
export const keepAliveTimeoutMs = 95_000
/** The same time when places run out. */
export const shortKeepAliveTimeoutMs = 5_000
const sweepMs = 250
/** A connection that is younger than this, or was used since, gives way only for the last place. */
const graceMs = 1_000
/** Pause after a look that found no connection to give way. A look costs a millisecond with 16,000 connections. */
const vainLookMs = 100
/** Time for which readiness still shows that a connection had to give way. */
const shortageMs = 60_000
/** Least time between two log lines for one reason. */
const logEveryMs = 60_000

/**
 * Bounds what a peer without a session can make a server hold.
 *
 * Node parses all requests of a chunk before it stops reading: 64 KiB are a thousand requests of one connection, answered into memory. A
 * client that does not read its answers has no deadline. So a connection is cut in two cases. It has more than 16 unanswered requests, or
 * its client has not taken its oldest complete answer for a while. When places run out, the connections that have been idle for longest
 * give way. Connections that wait for an answer, stream, or have become WebSockets never do.
 *
 * The parser reads from the kernel by itself, so the bytes of unfinished heads are an estimate. It is what has arrived, without the heads
 * and announced bodies of the requests so far.
 */
export class ConnectionGuard {
  readonly #settings: GuardSettings
  readonly #parts: GuardParts
  readonly #server: Server
  /** All connections except accepted WebSockets. */
  readonly #connections = new Map<Socket, GuardedConnection>()
  readonly #lastLogs = new Map<CutReason, { atMs: number; count: number }>()
  /** Connections that were cut and are not closed yet. They take no place any more. */
  readonly #cutSockets = new WeakSet<Socket>()
  /** Number of open connections, with WebSockets. */
  #open = 0
  readonly #pipelined = new PipelinedRequests()
  #shortAtMs = -Infinity
  #nextLookMs = -Infinity

  /** Attaches the guard to a server that does not listen yet. */
  constructor(server: Server, settings: GuardSettings, parts: GuardParts) {
    this.#server = server
    this.#settings = settings
    this.#parts = parts
    server.maxConnections = settings.maxConnections
    server.keepAliveTimeout = keepAliveTimeoutMs
    const { port } = settings
    parts.metrics.connections.collect(() => this.#open, { port })
    parts.metrics.connectionsMax.set(settings.maxConnections, { port })
    this.#listen(server)
  }

  #listen(server: Server): void {
    const forget = (socket: Socket): void => this.#forget(socket)
    // One function serves all connections. It finds its connection through `this`. `once` would keep a closure for each.
    function closed(this: Socket): void {
      forget(this)
    }
    server.on('connection', (socket: Socket) => {
      this.#open += 1
      this.#connections.set(socket, new GuardedConnection(socket, this.#parts.clock()))
      socket.on('close', closed)
      // Node has no listener while a socket is handed over. An error without a listener ends the process.
      socket.on('error', ignored)
      this.#makeRoom(socket)
    })
    server.on('drop', () => this.#count('not-taken'))
    server.prependListener('upgrade', (_request, socket: Socket) => this.#upgraded(socket))
    const timer = setInterval(() => this.sweep(), Math.min(sweepMs, this.#settings.unreadTimeoutMs / 4)).unref()
    server.once('close', () => clearInterval(timer))
  }

  /**
   * Takes a request in.
   * @returns whether it may be answered; otherwise its connection has been cut
   */
  enter(request: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#connections.get(request.socket)
    if (connection === undefined || connection.socket.destroyed) return false
    const headBytes = connection.begin(request, response)
    if (connection.unanswered.length > 1) this.#pipelined.add(headBytes)
    if (connection.unanswered.length > maxUnansweredRequests || (connection.unanswered.length > 1 && this.#pipelined.isFull)) {
      this.#cut(connection, 'pipelining')
      return false
    }
    response.on('close', () => this.#answered(connection, response))
    return true
  }

  #answered(connection: GuardedConnection, response: ServerResponse): void {
    // A request that was given up while it waited behind another keeps its place: Node holds it until the other has gone.
    if (connection.unanswered[0]?.response !== response) return
    connection.end(this.#parts.clock())
    const [next] = connection.unanswered
    if (next !== undefined) this.#pipelined.remove(next.headBytes)
  }

  /** Notes that a WebSocket was refused. Until its peer hangs up, its connection gives way as an idle one does. */
  refused(socket: Socket): void {
    if (!socket.destroyed) this.#connections.set(socket, new GuardedConnection(socket, this.#parts.clock()))
  }

  /** Returns a sentence when connections have run out within the last minute, else null. */
  shortage(): string | null {
    if (this.#parts.clock() - this.#shortAtMs > shortageMs) return null
    const { maxConnections } = this.#settings
    return `The ${this.#settings.port} port has ${this.#open} of ${maxConnections} connections. Idle connections are cut to make room. Raise MAX_CONNECTIONS, add pods, or restrict who reaches the port.`
  }

  /** Cuts connections that have broken a bound that depends on time. */
  sweep(): void {
    const nowMs = this.#parts.clock()
    for (const connection of this.#connections.values())
      if (connection.unreadForMs(nowMs) > this.#settings.unreadTimeoutMs) this.#cut(connection, 'unread')
    // Few connections cannot hold too much, however much each of them holds.
    if (this.#connections.size * maxUnansweredRequests * this.#settings.maxHeadBytes > maxHeldHeadBytes) this.#cutHeads()
    const isShort = this.#places < this.#settings.headroom / 2
    this.#server.keepAliveTimeout = isShort ? shortKeepAliveTimeoutMs : keepAliveTimeoutMs
  }

  get #places(): number {
    return this.#settings.maxConnections - this.#open
  }

  /** Returns an estimate of the bytes of all heads that are held. */
  get heldHeadBytes(): number {
    let bytes = 0
    for (const connection of this.#connections.values()) bytes += connection.heldHeadBytes(this.#settings.maxHeadBytes)
    return bytes
  }

  /** Cuts connections until their heads fit, the largest first. No honest client sends heads of that size. */
  #cutHeads(): void {
    let rest = this.heldHeadBytes
    if (rest <= maxHeldHeadBytes) return
    const held = Array.from(this.#connections.values(), (connection) => ({
      connection,
      bytes: connection.heldHeadBytes(this.#settings.maxHeadBytes),
    }))
    held.sort((a, b) => b.bytes - a.bytes)
    for (const { connection, bytes } of held) {
      if (rest <= maxHeldHeadBytes) return
      rest -= bytes
      this.#cut(connection, 'heads')
    }
  }

  /**
   * Cuts idle connections in batches. A flood of connections then costs one look at all of them per batch.
   * @param newest the connection for which room is made
   */
  #makeRoom(newest: Socket): void {
    const { headroom } = this.#settings
    const batch = Math.max(1, Math.floor(headroom / 8))
    const nowMs = this.#parts.clock()
    if (this.#places >= batch || (this.#places > 1 && nowMs < this.#nextLookMs)) return
    const restedMs = this.#places > 1 ? graceMs : 0
    const resting = Array.from(this.#connections.values(), (connection) => ({ connection, forMs: connection.restingForMs(nowMs) })).filter(
      ({ connection, forMs }) => connection.socket !== newest && forMs >= restedMs,
    )
    resting.sort((a, b) => b.forMs - a.forMs)
    if (resting.length === 0) this.#nextLookMs = nowMs + vainLookMs
    for (const { connection } of resting.slice(0, batch)) this.#cut(connection, 'idle')
  }

  #upgraded(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined) return
    // Answers and frames on one connection would mix.
    if (connection.unanswered.length > 0) this.#cut(connection, 'pipelining')
    this.#release(connection)
  }

  #cut(connection: GuardedConnection, reason: CutReason): void {
    if (connection.socket.destroyed) return
    connection.socket.destroy()
    this.#cutSockets.add(connection.socket)
    this.#open -= 1
    this.#release(connection)
    this.#count(reason)
  }

  #forget(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection !== undefined) this.#release(connection)
    if (!this.#cutSockets.has(socket)) this.#open -= 1
  }

  #release(connection: GuardedConnection): void {
    this.#connections.delete(connection.socket)
    for (const { headBytes } of connection.unanswered.slice(1)) this.#pipelined.remove(headBytes)
    connection.unanswered.length = 0
  }

  #count(reason: CutReason): void {
    this.#parts.metrics.connectionsCut.add(1, { reason })
    const nowMs = this.#parts.clock()
    if (reason === 'idle' || reason === 'not-taken') this.#shortAtMs = nowMs
    const last = this.#lastLogs.get(reason) ?? { atMs: -Infinity, count: 0 }
    last.count += 1
    this.#lastLogs.set(reason, last)
    if (nowMs - last.atMs < logEveryMs) return
    this.#parts.logger.warn(
      { port: this.#settings.port, reason, count: last.count, connections: this.#open, maxConnections: this.#settings.maxConnections },
      'connections cut',
    )
    last.atMs = nowMs
    last.count = 0
  }
}

/** Does nothing: a connection that breaks is closed, and the guard hears of that. */
const ignored = (): void => {}

/** Counts and bytes of requests that wait behind another of their connection. */
class PipelinedRequests {
  #requests = 0
  #bytes = 0

  get isFull(): boolean {
    return this.#requests > maxPipelinedRequests || this.#bytes > maxPipelinedBytes
  }

  add(headBytes: number): void {
    this.#requests += 1
    this.#bytes += headBytes
  }

  remove(headBytes: number): void {
    this.#requests -= 1
    this.#bytes -= headBytes
  }
}
