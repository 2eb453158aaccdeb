import { backoffMs, type Ending, decideEnding } from './ending.ts'
import { findEndpoints } from './endpoints.ts'
import { openLink } from './link.ts'
import { createRecentIds } from './recent-ids.ts'
import type { CloudEvent, ConnectionState, ConnectOptions, EventOf, EventType, Transport, TypedConnection } from './types.ts'

/** Failed openings, without one that got through, after which WebSockets count as blocked. */
const fallbackAfter = 3
/** Milliseconds after which a connection counts as good: the back-off restarts. */
const stableMs = 5_000
/** Silence after which a page that wakes up does not trust its connection. */
const doubtfulMs = 30_000
const rememberedIds = 1_000
/** Events of a page; `visibilitychange` bubbles to the window. */
const wakeEvents = ['online', 'visibilitychange', 'pageshow']

/**
 * One connection at a time (`#stop` ends it), and at times a second one that will replace it (`#stopSpare`). The first stays until the
 * gateway has sent something on the second. Both resume from the same cursor, and duplicates are delivered once. So no event is missed or
 * late while a token is renewed or a better transport is tried.
 */
export class Client<Events extends object> implements TypedConnection<Events> {
  cursor: string | null
  // The constructor calls reconnect(), which sets it.
  state = {} as ConnectionState
  readonly #options: ConnectOptions<Events>
  readonly #endpoints: Readonly<Record<Transport, URL>>
  readonly #isNew = createRecentIds(rememberedIds)
  readonly #handlers = new Set<Handler | undefined>()
  /** Settle promises that wait for the connection to open or to be closed. */
  #waiting: (() => void)[] = []
  #stop: Stop | undefined
  #stopSpare: Stop | undefined
  #retryTimer: Timer
  #probeTimer: Timer
  /** Attempts since the last good connection. */
  #attempt = 0
  /** WebSockets that did not open, while none ever did; -Infinity after one that did. */
  #blocked = 0
  #isCursorRefused = false
  /** Shown with the next token, whichever that is: the gateway ignores a ticket that does not fit. */
  #ticket: string | undefined
  #admittedAtMs = 0
  /** Longest silence of the gateway, in milliseconds; 0 until it has sent one. */
  #silenceMs = 0
  #heardAtMs = 0

  constructor(options: ConnectOptions<Events>) {
    this.#options = options
    // The map's promise: events are of this shape.
    this.#handlers.add(options.onEvent as Handler | undefined)
    this.#endpoints = findEndpoints(options)
    this.cursor = options.cursor ?? options.storage?.getItem(this.#endpoints.websocket.href) ?? null
    this.reconnect()
  }

  get opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        const { state } = this
        if (state.kind === 'open') resolve()
        else if (state.kind === 'closed') reject(closedError(state))
        else this.#waiting.push(settle)
      }
      settle()
    })
  }

  on<Type extends EventType<Events>>(type: Type, call: (event: EventOf<Events, Type>) => void): () => void {
    const handler: Handler = (event) => {
      // The map's promise: events of this type are of this shape.
      if (event.type === type) return call(event as EventOf<Events, Type>)
    }
    this.#handlers.add(handler)
    return () => void this.#handlers.delete(handler)
  }

  close(): void {
    if (this.state.kind !== 'closed') this.#finish({ code: 1000, reason: 'close() was called.' })
  }

  reconnect(): void {
    this.#release()
    for (const type of wakeEvents) globalThis.addEventListener?.(type, this.#wake)
    this.#attempt = 0
    this.state = { kind: 'connecting', transport: this.#chosen }
    // Not at once: callbacks may use what connect() returns.
    this.#dialIn(0)
  }

  // ---- connecting

  /** Undefined in a runtime that has none, such as Node.js 20: its type does not say so. */
  get #WebSocket(): typeof globalThis.WebSocket {
    return this.#options.WebSocket ?? globalThis.WebSocket
  }

  get #chosen(): Transport {
    const { transport = 'auto' } = this.#options
    if (transport !== 'auto') return transport
    return this.#WebSocket && this.#blocked < fallbackAfter ? 'websocket' : 'sse'
  }

  #dialIn(delayMs: number): void {
    this.#hangUp()
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
    const { token, openTimeoutMs = 10_000, fetch = globalThis.fetch } = this.#options
    const url = new URL(this.#endpoints[transport])
    const cursor = this.cursor ?? 'latest'
    // Gateways of earlier releases know whole cursors only.
    url.searchParams.set('cursor', cursor.replace(/\..*/, ''))
    url.searchParams.set('cursors', cursor.replace(/[^.]*/, 'short'))
    if (this.#ticket) url.searchParams.set('ticket', this.#ticket)
    let unopened: Transport | null = transport
    let isAdmitted = false
    const stop = openLink(
      transport,
      { url, token, openTimeoutMs, WebSocket: this.#WebSocket, fetch },
      {
        opened: () => {
          unopened = null
          if (transport === 'websocket') this.#blocked = -Infinity
        },
        message: (text) => {
          // The gateway sends the first message to an admitted client; before that, it may still close an open connection.
          if (!isAdmitted) {
            isAdmitted = true
            if (stop === this.#stopSpare) {
              this.#stop?.()
              this.#stop = stop
              this.#stopSpare = undefined
            }
            this.#admittedAtMs = Date.now()
            this.#planProbe(transport)
            this.#change({ kind: 'open', transport })
          }
          // A callback may have closed it in between.
          if (stop === this.#stop) this.#receive(text)
          return this.#silenceMs
        },
        ended: (ending) => this.#ended(stop, ending, unopened),
      },
    )
    return stop
  }

  #planProbe(transport: Transport): void {
    const { transport: wanted, probeIntervalMs = 300_000 } = this.#options
    clearTimeout(this.#probeTimer)
    if (wanted !== transport && transport === 'sse' && this.#WebSocket)
      this.#probeTimer = setTimeout(() => this.#dialSpare('websocket'), probeIntervalMs)
  }

  // ---- receiving

  #receive(text: string): void {
    this.#heardAtMs = Date.now()
    let event: CloudEvent & { cursor?: string }
    let isControl: boolean
    try {
      event = JSON.parse(text)
      // Throws if there is no type.
      isControl = event.type.startsWith('dev.carillon.')
    } catch (error) {
      return this.#report(error)
    }
    if (typeof event.cursor === 'string') this.cursor = event.cursor = cursorAfter(this.cursor, event.cursor)
    if (this.#isCursorRefused) {
      this.#isCursorRefused = false
      void this.#call(this.#options.onGap, { reason: 'bad-cursor' })
    }
    if (isControl) this.#obey(event)
    else if (this.#isNew(`${event.source}\n${event.id}`))
      // oxlint-disable-next-line unicorn/no-useless-spread -- a handler that this event's handlers add begins with the next event
      for (const handler of [...this.#handlers])
        // An earlier handler may have removed it, or closed the connection.
        if (this.#handlers.has(handler) && this.state.kind !== 'closed') void this.#call(handler, event)
    if (this.cursor) void this.#call((cursor) => this.#options.storage?.setItem(this.#endpoints.websocket.href, cursor), this.cursor)
  }

  #obey(event: CloudEvent): void {
    // Two heartbeats may be missing, and the third may be late.
    if (event.heartbeatms) this.#silenceMs = Number(event.heartbeatms) * 2.5
    // The protocol: a ticket is a text.
    this.#ticket = (event.data as { ticket?: string } | undefined)?.ticket ?? this.#ticket
    // The protocol: data of a gap is {reason}.
    if (event.type.endsWith('.gap')) void this.#call(this.#options.onGap, event.data as { reason: string })
    // A token that expires again and again right after the start would loop: then its end is awaited.
    if (event.type.endsWith('.token-expiring') && this.#options.token && Date.now() - this.#admittedAtMs > stableMs) this.replace(true)
    void this.#call(this.#options.onControl, event)
  }

  // ---- ending

  /** @param unopened the transport, when it did not get through; null when it did */
  #ended(stop: Stop, ending: Ending, unopened: Transport | null): void {
    if (stop === this.#stopSpare) {
      this.#stopSpare = undefined
      if (this.state.kind === 'open') this.#planProbe(this.state.transport)
      return
    }
    // Where neither transport gets through, WebSockets alone are not blocked.
    if (unopened) this.#blocked = unopened === 'sse' ? 0 : this.#blocked + 1
    const verdict = decideEnding(ending.code, this.cursor)
    if (verdict === 'final') {
      this.#finish(ending)
      // A page without `onStateChange` would not notice otherwise.
      if (!this.#options.onStateChange) this.#report(closedError(ending))
      return
    }
    if (verdict === 'without-cursor') {
      this.cursor = null
      this.#isCursorRefused = true
    }
    if (this.state.kind === 'open' && Date.now() - this.#admittedAtMs > stableMs) this.#attempt = 0
    const pause = verdict === 'later' || this.#attempt ? backoffMs(this.#attempt, this.#options.maxBackoffMs ?? 30_000, Math.random()) : 0
    const retryInMs = Math.round((ending.retryAfterMs || 0) + pause)
    this.#attempt += 1
    this.#dialIn(retryInMs)
    this.#change({ kind: 'waiting', code: ending.code, reason: ending.reason, retryInMs })
  }

  #finish({ code, reason }: Ending): void {
    this.#release()
    this.#change({ kind: 'closed', code, reason })
  }

  #release(): void {
    this.#hangUp()
    for (const type of wakeEvents) globalThis.removeEventListener?.(type, this.#wake)
  }

  /** Ends both connections, and plans none; one that has ended already stays so. */
  #hangUp(): void {
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#probeTimer)
    this.#stop?.()
    this.#stopSpare?.()
    this.#stop = this.#stopSpare = undefined
  }

  // ---- the page

  /**
   * The network is back, the page is visible, or it returns from the browser's page cache, where its connection ended. Attempts that waited
   * for the network start now. A pause of the gateway is kept.
   */
  readonly #wake = (event: Event & { readonly persisted?: boolean }): void => {
    if (event.type === 'online') {
      // It may be another network, with other rules for WebSockets.
      this.#blocked = 0
    } else if (globalThis.document.hidden) return
    const { state } = this
    if (state.kind === 'waiting' ? state.code < 4000 : event.persisted) this.#dialIn(0)
    else if (Date.now() - this.#heardAtMs > doubtfulMs) this.replace()
  }

  /**
   * Opens a second connection, with a fresh token, that takes the place of the first. The entry point `/send` has another way.
   * @param _isForToken true: the connection is good, and its token ends soon
   */
  replace(_isForToken?: boolean): void {
    if (this.state.kind === 'open') this.#dialSpare(this.state.transport)
  }

  // ---- callbacks

  #change(state: ConnectionState): void {
    this.state = state
    for (const settle of this.#waiting.splice(0)) settle()
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

/** A short cursor takes the place of the one of its partition, behind the whole cursor (docs/protocol.md, section 2.7). */
const cursorAfter = (held: string | null, given: string): string =>
  given.startsWith('.') ? `${held}`.replace(new RegExp(`\\${given.split('-')[0]}-\\w+`), '') + given : given

export const closedError = ({ code, reason }: Ending): Error => new Error(`Carillon: closed, will not reconnect (${code}). ${reason}`)

type Handler = (event: CloudEvent) => void
type Stop = () => void
type Timer = ReturnType<typeof setTimeout> | undefined
