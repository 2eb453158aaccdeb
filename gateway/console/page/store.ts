import { withFilters } from '../../../client/filters.ts'
import type { CloudEvent, Gap } from '../../../client/index.ts'
import { SendError } from '../../../client/send.ts'
import { type ConnectionAction, type ConnectionModel, newConnection, reduceConnection } from './connection-model.ts'
import { nowMs } from './dom.ts'
import { type Arrival, emptyLog, type EventLog, type LogAction, reduceLog } from './event-log.ts'
import { latencyOf } from './format.ts'
import type { SendOutcome } from './emit.ts'
import type { Identity } from './identities.ts'
import { type LiveConnection, openLive } from './live-connection.ts'
import type { SendRequest } from './send-request.ts'

export interface StoreOptions {
  readonly channel: string
  readonly paths: { readonly socket: string; readonly api: string }
  readonly token: (identity: Identity) => Promise<string | null>
  /** Called when the state has changed. */
  readonly changed: () => void
  readonly announce: (text: string) => void
  readonly gap: (model: ConnectionModel, reason: string) => void
  readonly failed: (error: unknown) => void
}

/** The cursor that begins at the oldest event which the gateway holds (docs/protocol.md, section 2.5). */
export const earliest = 'earliest'

/** Most emitted ids that are remembered for their latency. */
const maxEmitted = 2_000

/** Most arrivals that wait for the next frame. A page in the background has no frames. */
const maxWaiting = 1_000

const filtered = (path: string, { filters }: ConnectionModel): string => (filters === null ? path : withFilters(path, filters))

/** The state of the page and its live connections. Reducers decide; the store calls them and keeps their results. */
export class Store {
  connections: readonly ConnectionModel[] = []
  log: EventLog = emptyLog
  readonly #options: StoreOptions
  readonly #live = new Map<number, LiveConnection>()
  readonly #emittedAtMs = new Map<string, number>()
  #waiting: Arrival[] = []
  #nextId = 1

  constructor(options: StoreOptions) {
    this.#options = options
  }

  /** Adds a connection and starts it. @param start its cursor: the place to begin at; null: the newest event */
  add(start: Pick<ConnectionModel, 'identity' | 'transport' | 'cursor' | 'filters'>): void {
    const id = this.#nextId
    this.#nextId += 1
    this.connections = [...this.connections, newConnection({ ...start, id })]
    this.start(id, start.cursor ?? '')
  }

  /** Starts a connection. @param cursor the place to resume from; empty: the newest event */
  start(id: number, cursor: string): void {
    const model = this.#find(id)
    if (model === undefined) return
    this.#live.get(id)?.connection.close()
    const { paths, token, failed } = this.#options
    const live = openLive({
      url: filtered(paths.socket, model),
      eventsUrl: filtered(`${paths.api}/events`, model),
      transport: model.transport,
      cursor: cursor === '' ? null : cursor,
      token: () => token(model.identity),
      onStateChange: (state) => {
        if (this.#live.get(id) !== live) return
        this.#change(id, { kind: 'state', state, nowMs: nowMs() })
        this.#options.announce(`Connection ${id}, ${model.identity.label}: ${state.kind}.`)
      },
      onEvent: (event) => this.#received(id, event),
      onControl: (event) => this.#controlled(id, event),
      onGap: (gap) => this.#lost(id, gap, live.connection.cursor),
      onError: failed,
    })
    this.#live.set(id, live)
    this.#options.changed()
  }

  stop(id: number): void {
    this.#live.get(id)?.connection.close()
  }

  cut(id: number): void {
    this.#live.get(id)?.cut()
  }

  remove(id: number): void {
    this.stop(id)
    this.#live.delete(id)
    this.connections = this.connections.filter((model) => model.id !== id)
    this.#options.announce(`Connection ${id} is removed.`)
    this.#options.changed()
  }

  /** Sends an event over a connection. Resolves with the gateway's answer, for which it may wait through a lost connection. Never rejects. */
  async send(id: number, { id: eventId, type, data }: SendRequest): Promise<SendOutcome> {
    const connection = this.#live.get(id)?.connection
    if (connection === undefined) return { kind: 'rejected', problem: 'closed', detail: `Connection ${id} is gone. Choose another one.` }
    this.emitting(eventId)
    const startMs = performance.now()
    try {
      await connection.send(type, data, { id: eventId })
      return { kind: 'acknowledged', id: eventId, tookMs: performance.now() - startMs }
    } catch (error) {
      // A refusal of the gateway, or of the client: both say why.
      const problem = error instanceof SendError ? (error.type.split(':').at(-1) ?? '') : 'failed'
      return { kind: 'rejected', problem, detail: error instanceof Error ? error.message : String(error) }
    }
  }

  /** Clears the list, and gets the events that the gateway still holds, on every connection that runs. */
  replayAll(): void {
    this.changeLog({ kind: 'clear' })
    for (const { id, state } of this.connections) if (state.kind !== 'closed') this.start(id, earliest)
  }

  changeLog(action: Exclude<LogAction, { readonly kind: 'arrived' }>): void {
    this.settle()
    this.log = reduceLog(this.log, action)
    this.#options.changed()
  }

  /** Brings what has arrived since the last frame into the list. */
  settle(): void {
    if (this.#waiting.length === 0) return
    this.log = reduceLog(this.log, { kind: 'arrived', arrivals: this.#waiting })
    this.#waiting = []
  }

  /** Notes that this page is about to emit an event with that id. */
  emitting(id: string): void {
    this.#emittedAtMs.set(id, nowMs())
    const [oldest] = this.#emittedAtMs.keys()
    if (oldest !== undefined && this.#emittedAtMs.size > maxEmitted) this.#emittedAtMs.delete(oldest)
  }

  #received(id: number, event: CloudEvent): void {
    const latencyMs = latencyOf(event, this.#emittedAtMs.get(event.id), nowMs())
    this.#arrived({ kind: 'event', event }, { connectionId: id, latencyMs, isReplay: this.#find(id)?.isCatchingUp ?? false })
    this.#change(id, { kind: 'event', cursor: event.cursor ?? null, latencyMs })
    this.#options.announce(`${event.type} arrived on connection ${id}.`)
  }

  #controlled(id: number, event: CloudEvent): void {
    // `onGap` reports gaps, including those that the client finds by itself.
    if (event.type !== 'dev.carillon.gap') this.#arrived({ kind: 'control', event }, { connectionId: id, latencyMs: null, isReplay: false })
    this.#change(id, { kind: 'control', event })
  }

  #lost(id: number, { reason }: Gap, cursor: string | null): void {
    const model = this.#find(id)
    if (model === undefined) return
    const event: CloudEvent = {
      specversion: '1.0',
      id: `gap-${nowMs()}`,
      source: `urn:carillon:channel:${this.#options.channel}`,
      type: 'dev.carillon.gap',
      data: { reason },
      ...(cursor === null ? {} : { cursor }),
    }
    this.#arrived({ kind: 'gap', event }, { connectionId: id, latencyMs: null, isReplay: false })
    this.#change(id, { kind: 'gap', cursor })
    this.#options.gap(model, reason)
  }

  #arrived(row: Pick<Arrival['row'], 'kind' | 'event'>, delivery: Arrival['delivery']): void {
    this.#waiting.push({ row: { ...row, receivedAtMs: nowMs() }, delivery })
    if (this.#waiting.length >= maxWaiting) this.settle()
    this.#options.changed()
  }

  #change(id: number, action: ConnectionAction): void {
    this.connections = this.connections.map((model) => (model.id === id ? reduceConnection(model, action) : model))
    this.#options.changed()
  }

  #find(id: number): ConnectionModel | undefined {
    return this.connections.find((model) => model.id === id)
  }
}
