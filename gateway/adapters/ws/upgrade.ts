import type { IncomingMessage, Server } from 'node:http'
import { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { cloudEventsSubprotocol } from '../../auth/subprotocols.ts'
import type { Options } from '../../config/options.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { Metrics } from '../../observability/metrics.ts'
import type { Problem } from '../../request/problem.ts'
import { requestIdOf } from '../../request/request-id.ts'
import type { Admission, Admitted, Handshake, HandshakeRequest, JoinChannel, Refused } from '../../session/handshake.ts'
import { countRefusal, type FixedRefusal, refusal } from '../../session/refusals.ts'
import type { CloseHint } from '../../session/socket.ts'
import { acceptedCompression, offersCompression } from './negotiate-compression.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'
import { switchProtocols } from './switch-protocols.ts'
import { readUpgrade, type UpgradeRefusal, type UpgradeSettings } from './upgrade-request.ts'
import { createWake, type WakeOptions } from './wake.ts'
import { type SocketSettings, WebSocketSocket } from './websocket-socket.ts'

export interface UpgradeParts extends UpgradeSettings {
  readonly admission: Admission
  readonly join: JoinChannel
  readonly options: UpgradeOptions
  readonly metrics: Pick<Metrics, 'handshakesRefused' | 'inboundFrames'>
  readonly logger: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Called with each connection without a session, before its peer has hung up. @default does nothing */
  readonly refused?: (socket: NetSocket) => void
}

export type UpgradeOptions = WakeOptions & Pick<Options, 'handshakeTimeoutMs' | 'socketBufferBytes' | 'inboundFramesPerS' | 'wsCompression'>

/**
 * Serves the channel's WebSocket on an HTTP server. Requests for another protocol than WebSocket go on as ordinary requests (`Upgrade:
 * h2c`, which Java's client sends with every POST). The server's own `headersTimeout` bounds the time for a request's head.
 */
export function attachWebSocketUpgrade(server: Server, parts: UpgradeParts): { readonly stop: () => Promise<void> } {
  const upgrades = new Upgrades(parts)
  server.on('upgrade', (request, socket, head) => upgrades.take(request, socket, head))
  // The constructor's option of this name (Node 24.9) is kept in a property of this name. The types have the option only.
  Object.assign(server, { shouldUpgradeCallback: isWebSocketUpgrade })
  return { stop: () => upgrades.stop() }
}

/** Returns whether a request for an upgrade asks for a WebSocket. */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

/** The handshakes and sockets of one server. */
class Upgrades {
  readonly #parts: UpgradeParts
  readonly #settings: SocketSettings
  /** Functions that end a handshake before its admission has answered. */
  readonly #pending = new Set<(outcome: Handshake | null) => void>()
  readonly #open = new Set<WebSocketSocket>()
  /** Connections that were answered by HTTP and are not closed yet. */
  readonly #refused = new Set<Duplex>()
  #stopped: Promise<void> | null = null
  #notifyIdle: () => void = () => {}

  constructor(parts: UpgradeParts) {
    this.#parts = parts
    this.#settings = {
      options: parts.options,
      metrics: parts.metrics,
      now: parts.now,
      wake: createWake(parts.options),
      ended: (socket) => this.#ended(socket),
    }
  }

  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // An error without a listener ends the process.
    if (socket.listenerCount('error') === 0) socket.on('error', onSocketError)
    const read = readUpgrade(request, this.#parts)
    if (!read.ok) {
      this.#refuse({ request, socket }, read.error)
      return
    }
    // Never rejects, and is not awaited.
    void this.#handshake({ request, handshake: read.value, socket, head })
  }

  async #handshake(upgrade: Upgrade): Promise<void> {
    const outcome = await this.#admit(upgrade.handshake, upgrade.socket)
    if (outcome !== null && !upgrade.socket.destroyed) this.#answer(outcome, upgrade)
    this.#notifyIdle()
  }

  /**
   * Never rejects.
   * @returns null: the client has gone
   */
  #admit(request: HandshakeRequest, socket: Duplex): Promise<Handshake | null> {
    if (this.#stopped !== null) return Promise.resolve(this.#turnAway('draining'))
    return new Promise((resolve) => {
      const settle = (outcome: Handshake | null): void => {
        if (!this.#pending.delete(settle)) return
        clearTimeout(timer)
        socket.removeListener('close', leave)
        resolve(outcome)
      }
      const leave = (): void => settle(null)
      const timer = setTimeout(() => settle(this.#turnAway('verificationTimeout')), this.#parts.options.handshakeTimeoutMs)
      this.#pending.add(settle)
      socket.once('close', leave)
      this.#parts.admission.admit(request).then(settle, (error: unknown) => {
        this.#parts.logger.error({ error }, 'admission threw')
        settle(this.#turnAway('internal'))
      })
    })
  }

  #turnAway(name: FixedRefusal): Handshake {
    const refused = refusal(name)
    countRefusal(refused, this.#parts.metrics)
    return refused
  }

  #answer(outcome: Handshake, upgrade: Upgrade): void {
    if (outcome.kind === 'admitted') {
      this.#accept(upgrade, (socket) => this.#begin(outcome, socket))
      return
    }
    const { problem, close } = outcome
    // A page's script does not see an HTTP answer (it gets 1006). Only a close code reaches it.
    const isBrowser = upgrade.request.headers.origin !== undefined
    const requestId = requestIdOf(upgrade.request.headers)
    this.#parts.logger.debug({ requestId, problem: problem.type }, 'handshake refused')
    if (close === null || !isBrowser) this.#sendProblem(upgrade.socket, { problem, requestId })
    else {
      this.#noteRefused(upgrade.socket)
      this.#accept(upgrade, (socket) => socket.close(close, closeHint(outcome)))
    }
  }

  #noteRefused(socket: Duplex): void {
    if (socket instanceof NetSocket) this.#parts.refused?.(socket)
  }

  #begin(outcome: Admitted, socket: WebSocketSocket): void {
    try {
      this.#parts.join(socket, outcome)
    } catch (error) {
      this.#parts.logger.error({ error }, 'session creation failed')
      socket.close('internal')
    }
  }

  /**
   * Answers with 101. The first frames leave with the answer, in one write. A handshake that `readUpgrade` has read needs no further checks.
   * @param then called with the socket, unless the client has gone
   */
  #accept({ request, handshake, socket, head }: Upgrade, then: (socket: WebSocketSocket) => void): void {
    // An HTTP server's connections are net.Sockets (or tls.TLSSockets, which extend it). The type of the event allows others.
    if (!(socket instanceof NetSocket)) throw new TypeError('a WebSocket needs a connection that is a net.Socket')
    if (!socket.readable || !socket.writable) return void socket.destroy()
    socket.setTimeout(0)
    const { headers } = request
    const isChosen = handshake.subprotocols.includes(cloudEventsSubprotocol)
    const isCompressed = this.#parts.options.wsCompression === 'on' && offersCompression(headers['sec-websocket-extensions'])
    const answer = switchProtocols(headers['sec-websocket-key'] ?? '', {
      subprotocol: isChosen ? cloudEventsSubprotocol : null,
      extensions: isCompressed ? acceptedCompression : null,
    })
    socket.cork()
    socket.write(answer, 'latin1')
    const accepted = new WebSocketSocket(socket, head, this.#settings, isCompressed)
    this.#open.add(accepted)
    then(accepted)
    socket.uncork()
  }

  #refuse({ request, socket }: Pick<Upgrade, 'request' | 'socket'>, refused: UpgradeRefusal): void {
    const requestId = requestIdOf(request.headers)
    this.#parts.metrics.handshakesRefused.add(1, { reason: refused.reason })
    this.#parts.logger.debug({ requestId, problem: refused.problem.type }, 'handshake refused')
    this.#sendProblem(socket, { ...refused, requestId })
  }

  #sendProblem(
    socket: Duplex,
    answer: { readonly problem: Problem; readonly requestId: string; readonly headers?: Readonly<Record<string, string>> },
  ): void {
    this.#refused.add(socket)
    this.#noteRefused(socket)
    socket.once('close', () => {
      this.#refused.delete(socket)
      this.#notifyIdle()
    })
    refuseUpgrade(socket, { ...answer, lingerMs: this.#parts.options.closeTimeoutMs, nowMs: this.#parts.now() })
  }

  #ended(socket: WebSocketSocket): void {
    this.#open.delete(socket)
    this.#notifyIdle()
  }

  /** Refuses new handshakes, ends the open ones, and waits for the ends: `closeTimeoutMs` at most. */
  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => {
      this.#notifyIdle = () => {
        if (this.#pending.size + this.#open.size + this.#refused.size === 0) resolve()
      }
      setImmediate(this.#notifyIdle)
    })
    for (const settle of this.#pending) settle(this.#turnAway('draining'))
    for (const socket of this.#open) socket.close('draining')
    return this.#stopped
  }
}

function closeHint({ problem: { retryAfterMs }, closeDetail }: Refused): CloseHint {
  return {
    ...(retryAfterMs === undefined ? {} : { reconnectAfterMs: retryAfterMs }),
    ...(closeDetail === undefined ? {} : { detail: closeDetail }),
  }
}

interface Upgrade {
  readonly request: IncomingMessage
  readonly handshake: HandshakeRequest
  readonly socket: Duplex
  readonly head: Buffer
}

/** Nothing to do: `close` follows. A client that reset its connection arrives here. */
function onSocketError(): void {}
