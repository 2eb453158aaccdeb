import { Client, closedError } from '../client.ts'
import { findEndpoints } from '../endpoints.ts'
import type { Filter } from '../filters.ts'
import { clientError, SendError } from '../send-error.ts'
import type { OutboxView, SendingConnection, SendingOptions, SendOptions } from '../send-types.ts'
import type { CloudEvent, ConnectionState, DataOf, EventType } from '../types.ts'
import { Commands } from './commands.ts'
import { makeFrame } from './make-frame.ts'
import { newId } from './new-id.ts'
import { Outbox, type Refusal } from './outbox.ts'
import { postFrame } from './post-frame.ts'
import { createWire, type Wire } from './wire.ts'

/** Frames of a WebSocket without an answer. A gateway takes 16, and leaves room here for commands. */
const socketWindow = 12
/** A gateway closes a connection with a larger frame, unless MAX_INBOUND_FRAME_BYTES says otherwise. */
const safeFrameBytes = 4096

/** The client, with frames of its own (docs/protocol.md, section 5.1). */
export class SendingClient<Events extends object, Sends extends object> extends Client<Events> implements SendingConnection<Events, Sends> {
  readonly #options: SendingOptions<Events>
  readonly #wire: Wire
  readonly #outbox: Outbox
  readonly #framesBase: URL
  readonly #commands = new Commands()
  /** Abilities of the gateway; null: it has not named them on this connection. */
  #features: readonly unknown[] | null = null
  #send: ((id: string, text: string) => void) | undefined
  #renewal: Promise<void> | undefined
  #waiting: ((state: ConnectionState) => void)[] = []

  /** @param filters of the first connection; undefined: those of the URL. @param isShared tabs compare its cursors with those of another connection */
  constructor(options: SendingOptions<Events>, filters?: readonly Filter[], isShared = false) {
    const wire = createWire(options, isShared)
    wire.filters = filters
    super({
      ...options,
      ...wire.options,
      onControl: (event) => {
        this.#control(event)
        return options.onControl?.(event)
      },
      onStateChange: (state) => {
        this.#changed(state)
        return options.onStateChange?.(state)
      },
    })
    this.#options = options
    this.#wire = wire
    const { websocket, sse } = findEndpoints(options)
    this.#framesBase = sse
    this.#outbox = new Outbox(options.outbox ?? {}, websocket.href, (error) => this.#report(error))
  }

  get outbox(): OutboxView {
    return { count: this.#outbox.count, bytes: this.#outbox.bytes }
  }

  async send<Type extends EventType<Sends>>(type: Type, data: DataOf<Sends, Type>, options: SendOptions = {}): Promise<void> {
    const { id, text } = makeFrame(type, data, options)
    return this.sendFrame(id, text, options.signal)
  }

  /** Puts an event into the outbox. @param text JSON of the event with this id */
  async sendFrame(id: string, text: string, signal?: SendOptions['signal']): Promise<void> {
    if (this.state.kind === 'closed') throw isClosed(id)
    if (this.#features && !this.#takesSends) throw takesNone(id)
    return this.#outbox.add(id, text, signal)
  }

  renewToken(): Promise<void> {
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = undefined))
    return this.#renewal
  }

  async setFilters(filters: readonly Filter[]): Promise<void> {
    const before = this.#wire.filters
    const features = this.#features
    if (features && !features.includes('filters'))
      throw clientError('not-supported', 'This gateway takes no filters (MAX_DISTINCT_FILTERS).')
    this.#wire.filters = filters
    if (features?.includes('subscribe'))
      try {
        return await this.#command('subscribe', { filters })
      } catch (error) {
        // Without an answer, the next connection carries the filters.
        if (!isUnanswered(error)) {
          this.#wire.filters = before
          throw error
        }
      }
    if (this.state.kind === 'open' || this.state.kind === 'connecting') this.reconnect()
    return this.opened
  }

  override reconnect(): void {
    super.reconnect()
    // The base class calls it before this class has its fields.
    if (#renewal in this) this.#lose()
  }

  override replace(isForToken = false): void {
    if (isForToken) this.renewToken().catch(() => {}) // the second connection failed: the first one goes on, and reports its own end
    else super.replace()
  }

  // ---- what the gateway says

  #control(event: CloudEvent): void {
    // A gap at the beginning takes the place of `resumed`.
    if (event.type === 'dev.carillon.resumed' || (event.type === 'dev.carillon.gap' && this.#features === null)) this.#resumed(event.data)
    else this.#answered(event)
  }

  #resumed(data: unknown): void {
    const { features, session } = Object(data) as { readonly features?: unknown; readonly session?: unknown } // members may be anything
    this.#lose()
    this.#features = Array.isArray(features) ? features : []
    const { speaker } = this.#wire
    const isSocket = this.state.kind === 'open' && this.state.transport === 'websocket'
    if (isSocket) this.#send = (_id, text) => speaker?.send(text)
    else if (typeof session === 'string') this.#send = (id, text) => void this.#post(session, id, text)
    // Requests may overtake one another.
    if (this.#takesSends && this.#send) this.#outbox.open(this.#send, isSocket ? socketWindow : 1)
    else this.#outbox.end(takesNone)
  }

  get #takesSends(): boolean {
    return this.#send !== undefined && this.#features?.includes('send') === true
  }

  #answered({ type, data }: CloudEvent): void {
    const { id, ...refusal } = Object(data) as Refusal & { readonly id?: unknown } // of the gateway
    if (type === 'dev.carillon.ack') this.#outbox.answer(id)
    else if (type === 'dev.carillon.nack') {
      if (!this.#commands.refuse(id, refusal)) this.#outbox.answer(id, refusal)
    } else this.#commands.answer(id)
  }

  async #post(session: string, id: string, text: string): Promise<void> {
    const url = new URL(`sessions/${encodeURIComponent(session)}/frames`, this.#framesBase)
    this.#answered(await postFrame({ url, id, text, token: this.#wire.newestToken, fetch: this.#options.fetch ?? globalThis.fetch }))
  }

  // ---- the connection

  #changed(state: ConnectionState): void {
    this.#lose()
    if (state.kind === 'closed') {
      this.#outbox.end(isClosed)
      if (!this.#options.onStateChange && state.code !== 1000) this.#report(closedError(state))
    }
    for (const wake of this.#waiting.splice(0)) wake(state)
  }

  /** The connection that took frames is gone, or another one has taken its place. */
  #lose(): void {
    this.#features = null
    this.#send = undefined
    this.#outbox.close()
    this.#commands.end()
  }

  // ---- commands

  #command(type: string, data: object): Promise<void> {
    const id = newId()
    const text = JSON.stringify({ specversion: '1.0', id, source: '/browser', type: `dev.carillon.${type}`, data })
    if (!this.#send || text.length > safeFrameBytes) return Promise.reject(clientError('no-answer', 'The command fits into no frame.'))
    const answered = this.#commands.add(id, this.#options.openTimeoutMs ?? 10_000)
    this.#send(id, text)
    return answered
  }

  async #renew(): Promise<void> {
    if (this.#features?.includes('token') && this.#wire.options.token)
      try {
        const token = await this.#wire.options.token()
        if (token) return await this.#command('token', { token })
      } catch {
        // The caller's function threw, or the gateway refused the token or did not answer: a new connection asks again.
      }
    const replaced = this.#nextConnection()
    super.replace()
    return replaced
  }

  /** Resolves when another connection is open. */
  #nextConnection(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timeoutMs = 2 * (this.#options.openTimeoutMs ?? 10_000)
      const timer = setTimeout(() => reject(clientError('no-answer', 'No connection with a new token came about in time.')), timeoutMs)
      const see = (state: ConnectionState): void => {
        if (state.kind !== 'open' && state.kind !== 'closed') return void this.#waiting.push(see)
        clearTimeout(timer)
        if (state.kind === 'open') resolve()
        else reject(isClosed())
      }
      this.#waiting.push(see)
    })
  }

  #report(error: unknown): void {
    // oxlint-disable-next-line no-console -- as the client does without this callback
    const { onError = console.error } = this.#options
    try {
      onError(error)
    } catch {
      // onError itself threw: there is no other handler.
    }
  }
}

export const isClosed = (id?: string): SendError =>
  clientError(
    'closed',
    'The connection was closed before the gateway acknowledged. It may have the event all the same; send it again with its id.',
    id,
  )

const takesNone = (id?: string): SendError =>
  clientError(
    'not-supported',
    'This gateway takes no events from browsers. Set spec.upstream of the channel, or UPSTREAM=on, to allow it.',
    id,
  )

const isUnanswered = (error: unknown): boolean => error instanceof SendError && /:(no-answer|unknown-session)$/.test(error.type)
