import type { Session } from '../session/session.ts'

/**
 * What a session needs as time goes by: a ping and a bookmark every so often, an end when the peer is dead or its token expired.
 * One interval for all sessions: they wait in buckets of a tick, and each comes up when its next duty is due.
 *
 * Only tokens go by the time of day. Were pings to do so, a clock that is set back by an hour would leave dead peers alone for an hour,
 * and one that is set forward would have to be caught up with tick by tick.
 */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #buckets = new Map<number, Set<Duty>>()
  readonly #duties = new Map<Session, Duty>()
  #timer: NodeJS.Timeout | null = null
  #lastTick: number

  constructor(options: UpkeepOptions) {
    this.#options = options
    this.#lastTick = tickOf(options.clock())
  }

  /** Pings are spread: the first comes after a random part of the interval. */
  add(session: Session): void {
    const duty: Duty = {
      session,
      pingAtMs: this.#options.clock() + this.#options.intervalMs * this.#options.random(),
      pingedAtMs: null,
      isNoticed: false,
      dueTick: 0,
    }
    this.#duties.set(session, duty)
    this.#plan(duty)
    this.#timer ??= this.#start()
  }

  remove(session: Session): void {
    const duty = this.#duties.get(session)
    if (duty === undefined) return
    this.#duties.delete(session)
    this.#leave(duty)
    if (this.#duties.size === 0) this.stop()
  }

  /** The peer gave a sign of life. */
  alive(session: Session): void {
    const duty = this.#duties.get(session)
    if (duty !== undefined) duty.pingedAtMs = null
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #start(): NodeJS.Timeout {
    this.#lastTick = tickOf(this.#options.clock())
    return setInterval(() => this.#tick(), tickMs).unref()
  }

  /** Also catches up on ticks that a busy or suspended process missed. */
  #tick(): void {
    const now = tickOf(this.#options.clock())
    const wasAway = now - this.#lastTick > awayTicks
    for (let tick = this.#lastTick; tick <= now; tick += 1) {
      const duties = this.#buckets.get(tick)
      this.#buckets.delete(tick)
      for (const duty of duties ?? []) this.#serve(duty, wasAway)
    }
    this.#lastTick = now
  }

  #serve(duty: Duty, wasAway: boolean): void {
    if (duty.session.isClosed) return
    const clockMs = this.#options.clock()
    this.#judgeToken(duty, this.#options.now())
    // Of a process that was stopped for a while, the peers' answers may lie unread: they get their time once more.
    if (wasAway && duty.pingedAtMs !== null) duty.pingedAtMs = clockMs
    if (duty.pingedAtMs !== null && clockMs - duty.pingedAtMs >= this.#options.timeoutMs) duty.session.close('unresponsive')
    if (duty.session.isClosed) return
    if (clockMs >= duty.pingAtMs) {
      duty.pingAtMs = clockMs + this.#options.intervalMs
      duty.pingedAtMs ??= clockMs
      duty.session.bookmark()
      duty.session.socket.ping()
    }
    this.#plan(duty)
  }

  #judgeToken(duty: Duty, nowMs: number): void {
    const { expiresAtMs } = duty.session.principal
    if (expiresAtMs === null) return
    if (nowMs >= expiresAtMs + this.#options.toleranceMs) {
      duty.session.close('tokenExpired')
    } else if (!duty.isNoticed && nowMs >= expiresAtMs - this.#options.noticeMs) {
      duty.isNoticed = true
      duty.session.notify({ type: 'dev.carillon.token-expiring', data: { expiresInMs: Math.max(0, expiresAtMs - nowMs) } })
    }
  }

  #plan(duty: Duty): void {
    const { expiresAtMs } = duty.session.principal
    const clockMs = this.#options.clock()
    const times = [duty.pingAtMs]
    if (duty.pingedAtMs !== null) times.push(duty.pingedAtMs + this.#options.timeoutMs)
    if (expiresAtMs !== null)
      times.push(
        clockMs - this.#options.now() + (duty.isNoticed ? expiresAtMs + this.#options.toleranceMs : expiresAtMs - this.#options.noticeMs),
      )
    duty.dueTick = Math.max(Math.ceil(Math.min(...times) / tickMs), tickOf(clockMs) + 1)
    const bucket = this.#buckets.get(duty.dueTick)
    if (bucket === undefined) this.#buckets.set(duty.dueTick, new Set([duty]))
    else bucket.add(duty)
  }

  #leave(duty: Duty): void {
    const bucket = this.#buckets.get(duty.dueTick)
    bucket?.delete(duty)
    if (bucket?.size === 0) this.#buckets.delete(duty.dueTick)
  }
}

export interface UpkeepOptions {
  /** Between two pings of a session, in milliseconds. */
  readonly intervalMs: number
  /** How long a peer may leave a ping unanswered. */
  readonly timeoutMs: number
  /** How long before its token expires a client is told. */
  readonly noticeMs: number
  /** How long after its token's end a session may live, because clocks differ. */
  readonly toleranceMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets. */
  readonly clock: () => number
  /** In [0, 1). */
  readonly random: () => number
}

interface Duty {
  readonly session: Session
  pingAtMs: number
  /** When the ping that is not answered yet was sent. */
  pingedAtMs: number | null
  /** Whether the client was told that its token is about to expire. */
  isNoticed: boolean
  dueTick: number
}

/** So short that what is due in one tick is done within a millisecond or two: of 10,000 sessions that are pinged every 30 s, 33. In ticks of a second events waited for 8 ms. */
const tickMs = 100
/** A busy process is late by less. */
const awayTicks = 3_000 / tickMs
const tickOf = (timeMs: number): number => Math.floor(timeMs / tickMs)
