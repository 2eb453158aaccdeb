import type { Duty } from '../session/duty.ts'
import type { Session } from '../session/session.ts'

/**
 * The timed duties of sessions: pings and bookmarks at intervals, and an end for a dead peer or an expired token. There is one interval for all
 * sessions. They wait in buckets of a tick, and each is served when its next duty is due.
 *
 * Only tokens follow the time of day. If pings did, a clock set back by an hour would leave dead peers alone for an hour, and one set forward
 * would cause a tick for each step of the jump.
 */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #buckets = new Map<number, Set<Session>>()
  /** Count of sessions with duties. */
  #count = 0
  #timer: NodeJS.Timeout | null = null
  #lastTick: number

  constructor(options: UpkeepOptions) {
    this.#options = options
    this.#lastTick = tickOf(options.clock())
  }

  /** Adds a session. Its first ping comes after a random part of the interval, which spreads pings. */
  add(session: Session): void {
    if (session.duty !== null) return
    session.duty = {
      pingAtMs: this.#options.clock() + this.#options.intervalMs * this.#options.random(),
      pingedAtMs: null,
      isNoticed: false,
      dueTick: 0,
    }
    this.#count += 1
    this.#plan(session, session.duty)
    this.#timer ??= this.#start()
  }

  remove(session: Session): void {
    if (session.duty === null) return
    this.#leave(session, session.duty)
    session.duty = null
    this.#count -= 1
    if (this.#count === 0) this.stop()
  }

  /** Notes that the peer is alive. */
  alive({ duty }: Session): void {
    if (duty !== null) duty.pingedAtMs = null
  }

  /** Notes that the session has a new token: its end and its notice are planned again. */
  renewed(session: Session): void {
    if (session.duty === null) return
    session.duty.isNoticed = false
    this.#leave(session, session.duty)
    this.#plan(session, session.duty)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #start(): NodeJS.Timeout {
    this.#lastTick = tickOf(this.#options.clock())
    return setInterval(() => this.#tick(), tickMs).unref()
  }

  /** Serves the duties of this tick, and of ticks that a busy or suspended process missed. */
  #tick(): void {
    const now = tickOf(this.#options.clock())
    const wasAway = now - this.#lastTick > awayTicks
    for (let tick = this.#lastTick; tick <= now; tick += 1) {
      const sessions = this.#buckets.get(tick)
      this.#buckets.delete(tick)
      for (const session of sessions ?? []) if (session.duty !== null) this.#serve(session, session.duty, wasAway)
    }
    this.#lastTick = now
  }

  #serve(session: Session, duty: Duty, wasAway: boolean): void {
    if (session.isClosed) return
    const clockMs = this.#options.clock()
    this.#checkToken(session, duty)
    // After a stop of the process, answers of peers may be unread. Peers get their full time once more.
    if (wasAway && duty.pingedAtMs !== null) duty.pingedAtMs = clockMs
    if (duty.pingedAtMs !== null && clockMs - duty.pingedAtMs >= this.#options.timeoutMs) session.close('unresponsive')
    if (session.isClosed) return
    if (clockMs >= duty.pingAtMs) {
      duty.pingAtMs = clockMs + this.#options.intervalMs
      duty.pingedAtMs ??= clockMs
      session.bookmark()
      session.socket.ping()
    }
    this.#plan(session, duty)
  }

  #checkToken(session: Session, duty: Duty): void {
    const { expiresAtMs } = session.principal
    if (expiresAtMs === null) return
    const nowMs = this.#options.now()
    if (nowMs >= expiresAtMs + this.#options.toleranceMs) {
      session.close('tokenExpired')
    } else if (!duty.isNoticed && nowMs >= expiresAtMs - this.#options.noticeMs) {
      duty.isNoticed = true
      session.notify({ type: 'dev.carillon.token-expiring', data: { expiresInMs: Math.max(0, expiresAtMs - nowMs) } })
    }
  }

  #plan(session: Session, duty: Duty): void {
    const { expiresAtMs } = session.principal
    const clockMs = this.#options.clock()
    const times = [duty.pingAtMs]
    if (duty.pingedAtMs !== null) times.push(duty.pingedAtMs + this.#options.timeoutMs)
    if (expiresAtMs !== null)
      times.push(
        clockMs - this.#options.now() + (duty.isNoticed ? expiresAtMs + this.#options.toleranceMs : expiresAtMs - this.#options.noticeMs),
      )
    duty.dueTick = Math.max(Math.ceil(Math.min(...times) / tickMs), tickOf(clockMs) + 1)
    const bucket = this.#buckets.get(duty.dueTick)
    if (bucket === undefined) this.#buckets.set(duty.dueTick, new Set([session]))
    else bucket.add(session)
  }

  #leave(session: Session, { dueTick }: Duty): void {
    const bucket = this.#buckets.get(dueTick)
    bucket?.delete(session)
    if (bucket?.size === 0) this.#buckets.delete(dueTick)
  }
}

export interface UpkeepOptions {
  /** Time between two pings of a session, in milliseconds. */
  readonly intervalMs: number
  /** Longest time without an answer to a ping, in milliseconds. */
  readonly timeoutMs: number
  /** Time before the token's end at which the client gets a notice, in milliseconds. */
  readonly noticeMs: number
  /** Time that a session may outlive its token because clocks differ, in milliseconds. */
  readonly toleranceMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  /** In [0, 1). */
  readonly random: () => number
}

/**
 * Length of a tick, in milliseconds. Its duties take one or two milliseconds: 33 of 10,000 sessions that are pinged every 30 s. In ticks of a
 * second events waited for 8 ms.
 */
const tickMs = 100
/** Ticks that a suspended process misses, and a busy one does not. */
const awayTicks = 3_000 / tickMs
const tickOf = (timeMs: number): number => Math.floor(timeMs / tickMs)
