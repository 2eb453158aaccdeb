import { backoffMs, type Ending, decideEnding } from './ending.ts'
import { findEndpoints } from './endpoints.ts'
import { openLink } from './link.ts'
import { RecentIds } from './recent-ids.ts'
import type { CloudEvent, Connection, ConnectionState, ConnectOptions, Transport } from './types.ts'

/** Failed openings, without one that got through, after which WebSockets count as blocked. */
const fallbackAfter = 3
/** Milliseconds after which a connection counts as good: the back-off restarts. */
const stableMs = 5_000
/** Silence after which a page that wakes up does not trust its connection. */
const doubtfulMs = 30_000
const rememberedIds = 1_000
/** Number of heartbeats that may be missing. */
const missedHeartbeats = 2.5

/**
 * One connection at a time (`#stop` ends it), and at times a second one that will replace it (`#stopSpare`). The first stays until the
 * gateway has sent something on the second. Both resume from the same cursor, and duplicates are delivered once. So no event is missed or
 * late while a token is renewed or a better transport is tried.
 */
export class Client<T> implements Connection {
  cursor: string | null
  state: ConnectionState = { kind: 'connecting', transport: 'websocket' }
  readonly #options: ConnectOptions<T>
  readonly #endpoints: Readonly<Record<Transport, URL>>
  readonly #recentIds = new RecentIds(rememberedIds)
  #stop: Stop | undefined
  #stopSpare: Stop | undefined
  #retryTimer: Timer
  #probeTimer: Timer
  /** Attempts since the last good connection. */
  #attempt = 0
  /** WebSockets that did not open, while none ever did. */
  #blocked = 0
  #webSocketWorks = false
  #isCursorRefused = false
  #admittedAtMs = 0
  /** Longest silence of the gateway, in milliseconds; 0 until it has sent one. */
  #silenceMs = 0
  #heardAtMs = 0

  constructor(options: ConnectOptions<T>) {
    this.#options = options
    this.#endpoints = findEndpoints(options)
    this.cursor = options.cursor ?? null
    this.reconnect()
  }

  close(): void {
    if (this.state.kind !== 'closed') this.#finish({ code: 1000, reason: 'close() was called.' })
  }

  reconnect(): void {
    this.#release()
    globalThis.addEventListener?.('online', this.#wake)
    globalThis.document?.addEventListener('visibilitychange', this.#wake)
    this.#attempt = 0
    this.state = { kind: 'connecting', transport: this.#chosen }
    // Not at once: callbacks may use what connect() returns.
    this.#dialIn(0)
  }

  // ---- connecting

  get #chosen(): Transport {
    const { transport = 'auto' } = this.#options
    if (transport !== 'auto') return transport
    return this.#blocked < fallbackAfter ? 'websocket' : 'sse'
  }

  #dialIn(delayMs: number): void {
    clearTimeout(this.#retryTimer)
    this.#retryTimer = setTimeout(() => {
      const transport = this.#chosen
      this.#stop = this.#open(transport)
      this.#change({ kind: 'connecting', transport })
    }, delayMs)
  }

  /** Opens a second connection, to replace the first. */
  #dialSpare(transport: Transport): void {
    this.#stopSpare ??= this.#open(transport)
  }

  #open(transport: Transport): Stop {
    const { token, openTimeoutMs = 10_000, WebSocket = globalThis.WebSocket, fetch = globalThis.fetch } = this.#options
    const url = new URL(this.#endpoints[transport])
    url.searchParams.set('cursor', this.cursor ?? 'latest')
    let isOpen = false
    let isAdmitted = false
    const stop = openLink(
      transport,
      { url, token, openTimeoutMs, WebSocket, fetch },
      {
        opened: () => {
          isOpen = true
          if (transport === 'websocket') this.#webSocketWorks = true
        },
        message: (text) => {
          if (!isAdmitted) this.#admit(stop, transport)
          isAdmitted = true
          // A callback may have closed it in between.
          if (stop === this.#stop) this.#receive(text)
          return this.#silenceMs
        },
        ended: (ending) => this.#ended(stop, ending, isOpen ? null : transport),
      },
    )
    return stop
  }

  /** The gateway sends the first message to an admitted client; before that, it may still close an open connection. */
  #admit(stop: Stop, transport: Transport): void {
    if (stop === this.#stopSpare) {
      this.#stop?.()
      this.#stop = stop
      this.#stopSpare = undefined
    }
    this.#admittedAtMs = Date.now()
    if (transport === 'websocket') this.#blocked = 0
    this.#planProbe(transport)
    this.#change({ kind: 'open', transport })
  }

  #planProbe(transport: Transport): void {
    const { transport: wanted = 'auto', probeIntervalMs = 300_000 } = this.#options
    clearTimeout(this.#probeTimer)
    if (wanted === 'auto' && transport === 'sse') this.#probeTimer = setTimeout(() => this.#dialSpare('websocket'), probeIntervalMs)
  }

  // ---- receiving

  #receive(text: string): void {
    this.#heardAtMs = Date.now()
    const event = this.#parse(text)
    if (event === null) return
    if (typeof event.cursor === 'string') this.cursor = event.cursor
    if (this.#isCursorRefused) {
      this.#isCursorRefused = false
      void this.#call(this.#options.onGap, { reason: 'bad-cursor' })
    }
    if (event.type.startsWith('dev.carillon.')) this.#obey(event)
    else if (this.#recentIds.add(`${event.source}\n${event.id}`)) void this.#call(this.#options.onEvent, event)
  }

  #parse(text: string): CloudEvent<T> | null {
    try {
      const event = JSON.parse(text)
      if (typeof event.type !== 'string') throw new TypeError('A message is not a CloudEvent.')
      return event
    } catch (error) {
      this.#report(error)
      return null
    }
  }

  #obey(event: CloudEvent<T>): void {
    if (typeof event.heartbeatms === 'number') this.#silenceMs = event.heartbeatms * missedHeartbeats
    if (event.type.endsWith('.gap')) {
      // The protocol: data of a gap is {reason}.
      void this.#call(this.#options.onGap, event.data as { reason: string })
    }
    // A token that expires again and again right after the start would loop: then its end is awaited.
    if (event.type.endsWith('.token-expiring') && this.#options.token && Date.now() - this.#admittedAtMs > stableMs) this.#replace()
    void this.#call(this.#options.onControl, event)
  }

  // ---- ending

  /**
   *
   * @param unopened the transport, when it did not get through; null when it did
   */
  #ended(stop: Stop, ending: Ending, unopened: Transport | null): void {
    if (stop === this.#stopSpare) {
      this.#stopSpare = undefined
      if (this.state.kind === 'open') this.#planProbe(this.state.transport)
      return
    }
    this.#stopSpare?.()
    this.#stop = this.#stopSpare = undefined
    if (unopened === 'websocket' && !this.#webSocketWorks) this.#blocked += 1
    // Neither transport gets through, so WebSockets alone are not blocked.
    if (unopened === 'sse') this.#blocked = 0
    this.#goOn(ending)
  }

  #goOn(ending: Ending): void {
    const verdict = decideEnding(ending.code)
    if (verdict === 'final' || (verdict === 'without-cursor' && !this.cursor)) return this.#refused(ending)
    if (verdict === 'without-cursor') {
      this.cursor = null
      this.#isCursorRefused = true
    }
    if (this.state.kind === 'open' && Date.now() - this.#admittedAtMs > stableMs) this.#attempt = 0
    const pause =
      verdict !== 'later' && this.#attempt === 0 ? 0 : backoffMs(this.#attempt, this.#options.maxBackoffMs ?? 30_000, Math.random())
    const retryInMs = Math.round((ending.retryAfterMs ?? 0) + pause)
    this.#attempt += 1
    clearTimeout(this.#probeTimer)
    this.#dialIn(retryInMs)
    this.#change({ kind: 'waiting', code: ending.code, reason: ending.reason, retryInMs })
  }

  /** Ends without another attempt. Reports it where the page gave no `onStateChange`, because the page would not notice otherwise. */
  #refused(ending: Ending): void {
    this.#finish(ending)
    if (!this.#options.onStateChange) this.#report(new Error(`Carillon: closed, will not reconnect (${ending.code}). ${ending.reason}`))
  }

  #finish({ code, reason }: Ending): void {
    this.#release()
    this.#change({ kind: 'closed', code, reason })
  }

  #release(): void {
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#probeTimer)
    this.#stop?.()
    this.#stopSpare?.()
    this.#stop = this.#stopSpare = undefined
    globalThis.removeEventListener?.('online', this.#wake)
    globalThis.document?.removeEventListener('visibilitychange', this.#wake)
  }

  // ---- the page

  /** The network is back, or the page is visible: attempts that waited for the network start now. A pause of the gateway is kept. */
  readonly #wake = (event: Event): void => {
    if (event.type === 'online') {
      // It may be another network, with other rules for WebSockets.
      this.#webSocketWorks = false
      this.#blocked = 0
    } else if (globalThis.document.visibilityState === 'hidden') return
    const { state } = this
    if (state.kind === 'waiting' && state.code < 4000) this.#dialIn(0)
    if (Date.now() - this.#heardAtMs > doubtfulMs) this.#replace()
  }

  #replace(): void {
    if (this.state.kind === 'open') this.#dialSpare(this.state.transport)
  }

  // ---- callbacks

  #change(state: ConnectionState): void {
    this.state = state
    void this.#call(this.#options.onStateChange, state)
  }

  /** Calls back at once. An error of the callback, or its rejection, is reported and has no other effect. */
  async #call<A>(callback: ((argument: A) => void) | undefined, argument: A): Promise<void> {
    try {
      await callback?.(argument)
    } catch (error) {
      this.#report(error)
    }
  }

  #report(error: unknown): void {
    // oxlint-disable-next-line no-console -- the page's console gets errors without a handler
    const { onError = console.error } = this.#options
    try {
      onError(error)
    } catch {
      // onError itself threw: there is no other handler.
    }
  }
}

type Stop = () => void
type Timer = ReturnType<typeof setTimeout> | undefined
