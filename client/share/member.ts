import type { Filter } from '../filters.ts'
import { SendError } from '../send-error.ts'
import { newId } from '../send/new-id.ts'
import type { Refusal } from '../send/outbox.ts'
import type { ConnectionState } from '../types.ts'
import { GroupLock } from './group-lock.ts'
import { History } from './history.ts'
import type { Host, Link, MemberParts } from './host.ts'
import { isMessage, type Item, type Message, type Position } from './messages.ts'
import { outcomeOf } from './outcome-of.ts'
import type { Bus } from './place.ts'
import { covers, distinct, unionOf } from './union-filters.ts'

const tickMs = 1_000
/** Silence of a leader after which it is asked if it lives. */
const quietMs = 2_000
/** Time in which it answers. */
const answerMs = 1_500
/** Time after which a leader is asked again for what it has not answered. */
const againMs = 5_000
const maxReports = 10

/**
 * - `joining`: it has no place in the group yet. `catching`: it has missed items. Both wait for the leader's welcome.
 * - `solo`: the leader does not know its place, so it has a connection of its own until the leader has been at the same cursor.
 */
type Role = 'out' | 'joining' | 'catching' | 'following' | 'leading' | 'solo'

/**
 * One tab of a group that has one connection (docs/adr/0030-one-connection-for-many-tabs.md).
 *
 * The naive way is to broadcast what the leader receives, and to let the next leader resume from its own cursor. It loses events: tabs have received
 * different parts of the broadcasts, cursors cannot be compared, and pods are not equally far. So the leader numbers its items. A tab follows only
 * from a place that it can name: a number, or a cursor that the leader itself has been at. A new leader says after which number it continues, and
 * every tab goes back to that number, also one that is further: the gateway brings the rest again, and the tabs drop what they have had. A tab
 * that the leader cannot place resumes from its own cursor, with a connection of its own. So a tab has every event or a gap.
 */
export class Member {
  cursor: string | null
  readonly #host: Host
  readonly #BroadcastChannel: MemberParts['place']['BroadcastChannel']
  readonly #name: string
  readonly #lock: GroupLock
  readonly #tab = newId()
  readonly #history: History
  #role: Role = 'out'
  #bus: Bus | undefined
  #link: Link | undefined
  /** Filters of the tabs that the leader knows. */
  #tabs = new Map<string, readonly Filter[]>()
  /** Filters of the group's connection, as JSON of each tab's. */
  #union: readonly string[] = []
  #covering: Promise<unknown> = Promise.resolve()
  #changing: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  #state: ConnectionState = { kind: 'connecting', transport: 'websocket' }
  #timer: ReturnType<typeof setInterval> | undefined
  #heardAtMs = 0
  #askedAtMs = 0
  #askedAgainAtMs = 0
  #triedCursor: string | null = null
  #reports = 0

  constructor({ host, place, name, cursor, bounds }: MemberParts) {
    this.#host = host
    this.#BroadcastChannel = place.BroadcastChannel
    this.#name = name
    this.cursor = cursor
    this.#history = new History(bounds.maxItems, bounds.maxBytes)
    this.#lock = new GroupLock(place.locks, name, {
      granted: () => this.#granted(),
      taken: () => {
        if (this.#role === 'joining') this.#hello()
      },
      stolen: () => {
        if (this.#role === 'leading') this.#stepDown()
      },
      failed: (error) => host.report(error),
    })
  }

  join(): void {
    const BroadcastChannel = this.#BroadcastChannel
    if (this.#role !== 'out' || !BroadcastChannel) return
    this.#role = 'joining'
    this.#bus = new BroadcastChannel(this.#name)
    this.#bus.addEventListener('message', ({ data }) => this.#receive(data))
    this.#timer = setInterval(() => this.#tick(), tickMs)
    this.#heardAtMs = Date.now()
    this.#askedAtMs = 0
    this.#show({ kind: 'connecting', transport: 'websocket' })
    // Only tabs with a place wait for the lock, because the others could not follow one without.
    this.#lock.takeFree()
  }

  /** Leaves the group, which elects another leader if need be. `join` may follow. */
  leave(): void {
    if (this.#role === 'out') return
    this.#post({ kind: 'bye', tab: this.#tab })
    this.#role = 'out'
    clearInterval(this.#timer)
    this.#disconnect()
    this.#bus?.close()
    this.#bus = undefined
    this.#lock.release()
    this.#host.sendBy(null)
  }

  reconnect(): void {
    if (this.#link) this.#link.reconnect()
    else if (this.#role === 'out') this.join()
    else this.#post({ kind: 'ask', tab: this.#tab, id: '', what: 'reconnect', text: '' })
  }

  renewToken(id: string): Promise<void> | null {
    if (this.#link) return this.#link.renewToken()
    this.#post({ kind: 'ask', tab: this.#tab, id, what: 'renew', text: '' })
    return null
  }

  /** The host's filters are others. Resolves when the connection brings what they let through. */
  refilter(): Promise<void> {
    if (this.#role === 'solo') return this.#link?.setFilters(this.#host.filters) ?? Promise.resolve()
    if (this.#role === 'leading') {
      const before = this.#tabs.get(this.#tab)
      const { filters } = this.#host
      this.#tabs.set(this.#tab, filters)
      return this.#cover().catch((error: unknown) => {
        // Refused filters in the union would be refused for every tab.
        if (before && this.#tabs.get(this.#tab) === filters) this.#tabs.set(this.#tab, before)
        throw error
      })
    }
    return new Promise((resolve, reject) => {
      this.#changing.push({ resolve, reject })
      if (this.#role === 'following') this.#hello(true)
    })
  }

  // ---- leading

  #granted(): void {
    if (this.#role === 'out') return this.#lock.release()
    if (this.#role !== 'solo') return this.#lead(this.#history.position)
    // Nobody leads. The group's items end before what this tab's own connection brought.
    this.#disconnect()
    this.#union = []
    this.#lead(null)
  }

  /** @param base place after which this tab continues; null: the group begins anew */
  #lead(base: Position | null): void {
    const term = newId()
    if (base) this.#history.begin(term)
    else this.#history.reset({ term, seq: 0 })
    this.#role = 'leading'
    this.#tabs = new Map([[this.#tab, this.#host.filters]])
    this.#union = [...new Set([...this.#union, JSON.stringify(this.#host.filters)])].toSorted()
    this.#post({ kind: 'lead', term, base, cursor: this.cursor })
    this.#connect(unionOf(this.#union), (item) => this.#push(item))
    this.#settleChanges()
  }

  /** Another tab leads: this one has been silent for too long. */
  #stepDown(): void {
    this.#disconnect()
    this.#role = 'catching'
    this.#heardAtMs = Date.now()
    this.#askedAtMs = 0
    this.#show({ kind: 'connecting', transport: 'websocket' })
    this.#hello()
  }

  #push(item: Item): void {
    const isFirst = this.cursor === null
    this.#take(item)
    const { position } = this.#history
    if (position) this.#post({ kind: 'item', position, item })
    this.#host.deliver(item, item.cursor)
    if (isFirst) this.#tellState()
  }

  /** Tells the other tabs the state. Open means that nothing is lost from now on, so that it needs a cursor to come back to. */
  #tellState(): void {
    const term = this.#history.position?.term
    if (this.#role === 'leading' && term) this.#post({ kind: 'state', term, state: this.#sharedState })
  }

  get #sharedState(): ConnectionState {
    const state = this.#state
    return state.kind === 'open' && this.cursor === null ? { kind: 'connecting', transport: state.transport } : state
  }

  /** Puts an item at the end of the history. */
  #take(item: Item): void {
    this.#history.push(item, this.#union)
    if (item.kind === 'filters') this.#union = item.filters
    this.cursor = item.cursor
  }

  async #admit(hello: Message & { readonly kind: 'hello' }): Promise<void> {
    const { tab, position, cursor, filters, isChange } = hello
    const term = this.#history.position?.term
    const before = this.#tabs.get(tab)
    this.#tabs.set(tab, filters)
    const refusal = await outcomeOf(this.#cover())
    const isCovered = refusal === undefined
    if (!isCovered && before) this.#tabs.set(tab, before)
    else if (!isCovered) this.#tabs.delete(tab)
    const now = this.#history.position
    if (this.#role !== 'leading' || !now || now.term !== term) return
    const needed = isChange ? undefined : filters
    const isNew = !position && cursor === null
    const missed = isNew
      ? []
      : ((position && this.#history.after(position, needed)) ?? (cursor === null ? null : this.#history.afterCursor(cursor, needed)))
    if (missed === null || !isCovered) this.#post({ kind: 'stranger', to: tab, term: now.term, refusal: refusal ?? null })
    else
      this.#post({
        kind: 'welcome',
        to: tab,
        isNew,
        position: now,
        missed,
        cursor: this.cursor,
        filters: this.#union,
        state: this.#sharedState,
      })
  }

  /** Gives the connection the filters of all tabs, one change after the other. */
  #cover(): Promise<void> {
    const done = this.#covering.then(() => this.#setUnion())
    this.#covering = done.catch(() => {}) // the caller has the error
    return done
  }

  async #setUnion(): Promise<void> {
    const before = this.#union
    const next = distinct(this.#tabs.values())
    if (this.#role !== 'leading' || JSON.stringify(next) === JSON.stringify(before)) return
    // Before the connection narrows: a tab that is not among these learns it in time, and resumes from here by itself.
    this.#push({ kind: 'filters', filters: next, cursor: this.cursor })
    if (JSON.stringify(unionOf(next)) === JSON.stringify(unionOf(before))) return
    try {
      await this.#link?.setFilters(unionOf(next))
    } catch (error) {
      if (this.#role === 'leading') this.#push({ kind: 'filters', filters: before, cursor: this.cursor })
      throw error
    }
  }

  async #serve({ tab, id, what, text }: Message & { readonly kind: 'ask' }): Promise<void> {
    const link = this.#link
    if (!link) return
    if (what === 'reconnect') return link.reconnect()
    const refusal = await outcomeOf(what === 'send' ? link.sendFrame(id, text) : link.renewToken())
    if (refusal !== null) this.#post({ kind: 'answer', to: tab, id, refusal: refusal ?? null })
  }

  // ---- following

  #hello(isChange = false): void {
    const { position } = this.#history
    const place = this.#role === 'solo' ? null : position
    this.#post({ kind: 'hello', tab: this.#tab, position: place, cursor: this.cursor, filters: this.#host.filters, isChange })
  }

  #catchUp(): void {
    this.#role = 'catching'
    this.#hello()
  }

  #adopt({ term, base, cursor }: Message & { readonly kind: 'lead' }): void {
    if (this.#role !== 'following' && this.#role !== 'catching' && this.#role !== 'joining') return
    this.#show({ kind: 'connecting', transport: 'websocket' })
    if (!base || !this.#history.cut(base)) return this.#catchUp()
    this.#history.begin(term)
    this.cursor = cursor
    this.#follow()
    this.#post({ kind: 'here', tab: this.#tab, filters: this.#host.filters })
    if (this.#changing.length > 0) this.#hello(true)
  }

  #follow(): void {
    this.#role = 'following'
    this.#lock.queueUp()
    this.#askAgain()
  }

  /** Asks the leader to send what has no answer. An event that it has already is sent once all the same. */
  #askAgain(): void {
    this.#askedAgainAtMs = Date.now()
    this.#host.sendBy((id, text) => this.#post({ kind: 'ask', tab: this.#tab, id, what: 'send', text }))
  }

  #welcomed({ isNew, position, missed, cursor, filters, state }: Message & { readonly kind: 'welcome' }): void {
    if (this.#role === 'out' || this.#role === 'leading') return
    // A late answer to a question of before this tab had a place would skip what the tab has missed since.
    if (isNew && (this.#history.position !== null || this.cursor !== null)) return
    const wasFollowing = this.#role === 'following' && this.#history.position?.term === position.term
    if (wasFollowing && this.#changing.length === 0) return
    if (this.#role === 'solo') this.#disconnect()
    this.#history.reset(position)
    this.#union = filters
    this.cursor = cursor
    if (wasFollowing) this.#role = 'following'
    else this.#follow()
    this.#show(state)
    this.#settleChanges()
    const bus = this.#bus
    for (const item of missed)
      // A handler may have closed the connection.
      if (this.#bus === bus) this.#host.deliver(item, item.cursor)
  }

  #hear({ position, item }: Message & { readonly kind: 'item' }): void {
    const here = this.#history.position
    if (this.#role !== 'following' || !here) return
    if (position.term !== here.term) {
      // A leader of before, which does not know yet that it is none, says nothing new.
      if (!this.#history.knows(position.term)) this.#catchUp()
    } else if (position.seq > here.seq + 1) this.#catchUp()
    else if (position.seq === here.seq + 1) {
      this.#take(item)
      if (item.kind === 'filters' && !covers(item.filters, this.#host.filters) && this.#changing.length === 0) return this.#goSolo()
      this.#host.deliver(item, item.cursor)
    }
  }

  #beat({ position }: Message & { readonly kind: 'beat' }): void {
    const here = this.#history.position
    if (this.#role !== 'following' || !here) return
    if (position.term === here.term ? position.seq > here.seq : !this.#history.knows(position.term)) this.#catchUp()
  }

  #goSolo(): void {
    this.#role = 'solo'
    this.#lock.leaveQueue()
    this.#triedCursor = this.cursor
    this.#connect(this.#host.filters, (item) => {
      this.cursor = item.cursor
      this.#host.deliver(item, item.cursor)
    })
    this.#settleChanges()
  }

  // ---- the connection

  #connect(filters: readonly Filter[], take: (item: Item) => void): void {
    const link: Link = this.#host.open(this.cursor, filters, {
      item: (item) => {
        if (this.#link === link) take(item)
      },
      changed: (state) => {
        if (this.#link === link) this.#linkChanged(state)
      },
    })
    this.#link = link
    this.#host.sendBy((id, text) => void this.#sendOwn(link, id, text))
  }

  #linkChanged(state: ConnectionState): void {
    if (state.kind === 'closed') this.leave()
    this.#show(state)
    this.#tellState()
  }

  async #sendOwn(link: Link, id: string, text: string): Promise<void> {
    const refusal = await outcomeOf(link.sendFrame(id, text))
    if (refusal !== null) this.#host.answered(id, refusal)
  }

  #disconnect(): void {
    const link = this.#link
    this.#link = undefined
    link?.close()
  }

  // ---- messages

  #post(message: Message extends infer M ? (M extends Message ? Omit<M, 'v'> : never) : never): void {
    this.#bus?.postMessage({ v: 1, ...message })
  }

  #receive(message: unknown): void {
    let cause: unknown
    try {
      if (isMessage(message)) return this.#hearMessage(message)
    } catch (error) {
      // It has members that contain themselves, or are no JSON.
      cause = error
    }
    this.#reports += 1
    if (this.#reports <= maxReports)
      this.#host.report(
        new Error(`Carillon: another script of this origin sent a message that no tab sends on ${this.#name}. It is ignored.`, { cause }),
      )
  }

  #hearMessage(message: Message): void {
    if (
      message.kind !== 'hello' &&
      message.kind !== 'ask' &&
      message.kind !== 'ping' &&
      message.kind !== 'bye' &&
      message.kind !== 'here'
    ) {
      this.#heardAtMs = Date.now()
      this.#askedAtMs = 0
    }
    const isLeading = this.#role === 'leading'
    const isMine = 'to' in message && message.to === this.#tab
    if (message.kind === 'item') this.#hear(message)
    else if (message.kind === 'beat') this.#beat(message)
    else if (message.kind === 'lead') this.#adopt(message)
    else if (message.kind === 'state') this.#seeState(message)
    else if (message.kind === 'welcome' && isMine) this.#welcomed(message)
    else if (message.kind === 'stranger' && isMine) this.#refused(message.refusal)
    else if (message.kind === 'answer' && isMine) this.#host.answered(message.id, message.refusal ?? undefined)
    else if (isLeading) this.#obey(message)
  }

  /** What tabs want of the leader. */
  #obey(message: Message): void {
    const { position } = this.#history
    if (message.kind === 'hello') void this.#admit(message)
    else if (message.kind === 'ask') void this.#serve(message)
    else if (message.kind === 'ping' && position) this.#post({ kind: 'beat', position })
    else if (message.kind === 'here') this.#tabs.set(message.tab, message.filters)
    else if (message.kind === 'bye' && this.#tabs.delete(message.tab)) this.#cover().catch((error: unknown) => this.#host.report(error))
  }

  #seeState({ term, state }: Message & { readonly kind: 'state' }): void {
    if (this.#role === 'following' && term === this.#history.position?.term) this.#show(state)
  }

  /** @param refusal of this tab's filters; null: the leader does not know this tab's place */
  #refused(refusal: Refusal | null): void {
    if (refusal !== null && this.#role === 'following') {
      for (const { reject } of this.#changing.splice(0)) reject(new SendError(refusal.type, refusal.detail))
      return
    }
    if (this.#role === 'joining' || this.#role === 'catching' || (this.#role === 'following' && this.#changing.length > 0)) this.#goSolo()
  }

  #tick(): void {
    const now = Date.now()
    if (this.#role === 'solo') {
      if (this.#triedCursor !== this.cursor) this.#hello()
      this.#triedCursor = this.cursor
      // All tabs of a group may have been strangers to a leader that is gone.
      if (this.cursor !== null) this.#lock.takeFree()
    } else if (this.#role !== 'leading') this.#watch(now)
  }

  /** Looks after the leader. Timers of hidden tabs are late, so that a leader is silent only after a question. */
  #watch(now: number): void {
    if (this.#role !== 'following') this.#hello()
    else if (this.#changing.length > 0) this.#hello(true)
    // A message to a tab that stood still may be gone.
    if (this.#role === 'following' && now - this.#askedAgainAtMs >= againMs) this.#askAgain()
    if (this.#askedAtMs > 0 && now - this.#askedAtMs >= answerMs) {
      this.#askedAtMs = 0
      this.#heardAtMs = now
      this.#lock.steal()
    } else if (this.#askedAtMs === 0 && now - this.#heardAtMs >= quietMs) {
      this.#askedAtMs = now
      this.#post({ kind: 'ping' })
    }
  }

  #show(state: ConnectionState): void {
    this.#state = state
    this.#host.changed(state)
  }

  #settleChanges(): void {
    for (const { resolve } of this.#changing.splice(0)) resolve()
  }
}
