import { closedError } from '../client.ts'
import { findEndpoints } from '../endpoints.ts'
import type { Filter } from '../filters.ts'
import { isNarrowable, passes } from '../match-filters.ts'
import { createRecentIds } from '../recent-ids.ts'

import type { OutboxView, SendingConnection, SendOptions } from '../send-types.ts'
import { Commands } from '../send/commands.ts'
import { makeFrame } from '../send/make-frame.ts'
import { newId } from '../send/new-id.ts'
import { Outbox, type Refusal, type Transmit } from '../send/outbox.ts'
import { isClosed, SendingClient } from '../send/sending-client.ts'
import type { SharingOptions } from '../share-types.ts'
import type { CloudEvent, ConnectionState, DataOf, EventOf, EventType, Gap } from '../types.ts'
import { userNameOf } from './group-name.ts'
import type { Bounds, Host, Link, LinkHandlers } from './host.ts'
import { Member } from './member.ts'
import type { Item } from './messages.ts'
import type { Place } from './place.ts'

const outboxWindow = 12
/** More than a new leader may bring again. */
const rememberedIds = 2_000
const renewMs = 30_000
/** Bounds of the outbox of a leader, which has the events of all tabs. */
const leaderOutbox = { maxCount: 1_000, maxBytes: 4 << 20 }

/** A tab's part of a connection that several tabs have together. */
export class SharedConnection<Events extends object, Sends extends object> implements SendingConnection<Events, Sends>, Host {
  state: ConnectionState = { kind: 'connecting', transport: 'websocket' }
  cursor: string | null
  filters: readonly Filter[]
  readonly #options: SharingOptions<Events>
  readonly #place: Place
  readonly #bounds: Bounds
  readonly #key: string
  readonly #outbox: Outbox
  readonly #commands = new Commands()
  readonly #isNew = createRecentIds(rememberedIds)
  readonly #handlers = new Set<Handler>()
  #waiting: (() => void)[] = []
  #member: Member | undefined
  /** The connection of a tab that shares none. */
  #own: Link | undefined
  /** Token that was read to learn the user's name; the first connection uses it. */
  #token: string | null | undefined
  #userName: string | null = null

  constructor(options: SharingOptions<Events>, place: Place, bounds: Bounds) {
    this.#options = options
    this.#place = place
    this.#bounds = bounds
    this.#key = findEndpoints(options).websocket.href
    this.filters = options.filters ?? []
    this.cursor = options.cursor ?? options.storage?.getItem(this.#key) ?? null
    this.#outbox = new Outbox({ ...options.outbox, ...(options.user && { user: options.user }) }, this.#key, (error) => this.report(error))
    // The map's promise: events are of this shape.
    if (options.onEvent) this.#handlers.add(options.onEvent as Handler)
    for (const [target, type] of this.#lifecycle()) target?.addEventListener(type, this.#live)
    // Not at once: callbacks may use what connect() returns.
    queueMicrotask(() => void this.#begin())
  }

  // ---- for the page

  get outbox(): OutboxView {
    return { count: this.#outbox.count, bytes: this.#outbox.bytes }
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

  async send<Type extends EventType<Sends>>(type: Type, data: DataOf<Sends, Type>, options: SendOptions = {}): Promise<void> {
    const { id, text } = makeFrame(type, data, options)
    if (this.state.kind === 'closed') throw isClosed(id)
    return this.#outbox.add(id, text, options.signal)
  }

  renewToken(): Promise<void> {
    if (this.#own) return this.#own.renewToken()
    if (!this.#member) return this.opened
    const id = newId()
    return this.#member.renewToken(id) ?? this.#commands.add(id, renewMs)
  }

  async setFilters(filters: readonly Filter[]): Promise<void> {
    const before = this.filters
    this.filters = filters
    if (this.state.kind === 'closed') return
    try {
      if (this.#own && !isNarrowable(filters)) return await this.#own.setFilters(filters)
      if (this.#member && isNarrowable(filters)) return await this.#member.refilter()
    } catch (error) {
      // A later call may have changed them since.
      if (this.filters === filters) this.filters = before
      throw error
    }
    this.#end()
    await this.#begin()
    return this.opened
  }

  close(): void {
    if (this.state.kind === 'closed') return
    this.#end()
    for (const [target, type] of this.#lifecycle()) target?.removeEventListener(type, this.#live)
    this.changed({ kind: 'closed', code: 1000, reason: 'close() was called.' })
  }

  reconnect(): void {
    if (this.#own) return this.#own.reconnect()
    const isBack = this.state.kind === 'closed'
    if (isBack) for (const [target, type] of this.#lifecycle()) target?.addEventListener(type, this.#live)
    if (this.#member && !isBack) this.#member.reconnect()
    else {
      this.#end()
      this.changed({ kind: 'connecting', transport: 'websocket' })
      void this.#begin()
    }
  }

  // ---- for the member

  open(cursor: string | null, filters: readonly Filter[], handlers: LinkHandlers): Link {
    const { storage: _, outbox, ...options } = this.#options
    const client: SendingClient<Events, object> = new SendingClient<Events, object>(
      {
        ...options,
        cursor,
        outbox: { ...leaderOutbox, ...(outbox?.maxFrameBytes !== undefined && { maxFrameBytes: outbox.maxFrameBytes }) },
        ...(options.token && { token: () => this.#freshToken() }),
        onEvent: (event) => handlers.item({ kind: 'event', event, cursor: client.cursor }),
        // A gap of the gateway is a control event as well.
        onGap: ({ reason }) => {
          if (reason === 'bad-cursor') handlers.item({ kind: 'gap', reason, cursor: client.cursor })
        },
        onControl: (event) => {
          if (typeof event.cursor === 'string') handlers.item({ kind: 'event', event, cursor: client.cursor })
        },
        onStateChange: (state) => handlers.changed(state),
        onError: (error) => this.report(error),
      },
      filters,
      true,
    )
    return client
  }

  deliver(item: Item, cursor: string | null): void {
    this.cursor = cursor
    if (item.kind === 'gap') void this.#call(this.#options.onGap, { reason: item.reason })
    else if (item.kind === 'event') this.#deliverEvent(item.event)
    if (cursor !== null) void this.#call((text) => this.#options.storage?.setItem(this.#key, text), cursor)
  }

  changed(state: ConnectionState): void {
    if (JSON.stringify(state) === JSON.stringify(this.state)) return
    this.state = state
    if (state.kind === 'closed') {
      this.#outbox.end(isClosed)
      this.#commands.end()
    }
    for (const settle of this.#waiting.splice(0)) settle()
    void this.#call(this.#options.onStateChange, state)
    if (state.kind === 'closed' && state.code !== 1000 && !this.#options.onStateChange) this.report(closedError(state))
  }

  sendBy(transmit: Transmit | null): void {
    if (transmit) this.#outbox.open(transmit, outboxWindow)
    else this.#outbox.close()
  }

  answered(id: string, refusal: Refusal | undefined): void {
    if (refusal && this.#commands.refuse(id, refusal)) return
    this.#commands.answer(id)
    this.#outbox.answer(id, refusal)
  }

  report(error: unknown): void {
    // oxlint-disable-next-line no-console -- the page's console gets errors without a handler
    const { onError = console.error } = this.#options
    try {
      onError(error)
    } catch {
      // onError itself threw: there is no other handler.
    }
  }

  // ---- inside

  async #begin(): Promise<void> {
    try {
      const name = isNarrowable(this.filters) ? await this.#findUserName() : null
      if (this.state.kind === 'closed' || this.#member || this.#own) return
      if (name === null) return this.#standAlone()
      this.#member = new Member({
        host: this,
        place: this.#place,
        name: `carillon ${this.#key} ${name}`,
        cursor: this.cursor,
        bounds: this.#bounds,
      })
      this.#member.join()
    } catch (error) {
      // The page's own function threw: the connection calls it again, after a back-off.
      this.report(error)
      if (this.state.kind !== 'closed' && !this.#member && !this.#own) this.#standAlone()
    }
  }

  /** React passes null for a user that is not known. An empty name is nobody's. */
  get #isNamed(): boolean {
    return Boolean(this.#options.user)
  }

  /** Returns the name of the user; null: nothing says who it is. */
  async #findUserName(): Promise<string | null> {
    if (this.#isNamed) return this.#options.user ?? null
    this.#token ??= await this.#options.token?.()
    this.#userName = this.#token ? await userNameOf(this.#token) : null
    if (this.#userName === null)
      this.report(new Error('Carillon: this tab shares no connection, because its token is not a JWT. Give connect() the option user.'))
    return this.#userName
  }

  /** Never lets the token of another user into a group. */
  async #freshToken(): Promise<string | null | undefined> {
    const token = this.#token ?? (await this.#options.token?.())
    this.#token = undefined
    if (!this.#member || this.#isNamed || (token && (await userNameOf(token)) === this.#userName)) return token
    this.#token = token
    this.#end()
    void this.#begin()
    throw new Error('The token is of another user, so that this tab has left the others.')
  }

  #standAlone(): void {
    const own: Link = this.open(this.cursor, this.filters, {
      item: (item) => {
        if (this.#own === own) this.deliver(item, item.cursor)
      },
      changed: (state) => {
        if (this.#own === own) this.changed(state)
      },
    })
    this.#own = own
    this.sendBy((id, text) => void this.#sendAlone(own, id, text))
  }

  async #sendAlone(own: Link, id: string, text: string): Promise<void> {
    try {
      await own.sendFrame(id, text)
      this.answered(id, undefined)
    } catch (error) {
      const { type, message } = error as Refusal & { readonly message: string } // a SendError
      if (!type.endsWith(':client:closed')) this.answered(id, { type, detail: message })
    }
  }

  #end(): void {
    const own = this.#own
    const member = this.#member
    this.#own = this.#member = undefined
    if (member) this.cursor = member.cursor
    member?.leave()
    own?.close()
    this.sendBy(null)
  }

  #deliverEvent(event: CloudEvent): void {
    if (event.type.startsWith('dev.carillon.')) {
      // The protocol: data of a gap is {reason}.
      if (event.type === 'dev.carillon.gap') void this.#call(this.#options.onGap, event.data as Gap)
      return void this.#call(this.#options.onControl, event)
    }
    if (!this.#isNew(`${event.source}\n${event.id}`) || !passes(this.#narrowing, event)) return
    // oxlint-disable-next-line unicorn/no-useless-spread -- a handler that this event's handlers add begins with the next event
    for (const handler of [...this.#handlers])
      // An earlier handler may have removed it, or closed the connection.
      if (this.#handlers.has(handler) && this.state.kind !== 'closed') void this.#call(handler, event)
  }

  /** Filters that are the tab's to apply: a connection of its own brings no more than they let through. */
  get #narrowing(): readonly Filter[] {
    return this.#own ? [] : this.filters
  }

  // ---- the page's life

  #lifecycle(): readonly (readonly [Place['window'], string])[] {
    const { document, window } = this.#place
    return [
      [document, 'freeze'],
      [document, 'resume'],
      [window, 'pagehide'],
      [window, 'pageshow'],
    ]
  }

  /** A page that is about to stand still leaves, so that another tab leads, and comes back to where it was. */
  readonly #live = ({ type }: Event): void => {
    if (type === 'freeze' || type === 'pagehide') this.#member?.leave()
    else if (this.state.kind !== 'closed') this.#member?.join()
  }

  /** Calls back at once. An error of the callback, or its rejection, is reported and has no other effect. */
  async #call<A>(callback: ((argument: A) => void) | undefined, argument: A): Promise<void> {
    try {
      await callback?.(argument)
    } catch (error) {
      this.report(error)
    }
  }
}

type Handler = (event: CloudEvent) => void

/** Error of a connection that shares, and cannot know whose it is. */
export const namelessUser = (): TypeError =>
  new TypeError('connect() with `share` needs a `user`, because a cookie does not say whose it is: two users must never share.')
