import type { Filter } from '../../../client/filters.ts'
import type { CloudEvent, ConnectionState } from '../../../client/index.ts'
import type { Identity } from './identities.ts'

/** The state of one connection in the console. */
export interface ConnectionModel {
  readonly id: number
  readonly identity: Identity
  readonly transport: 'auto' | 'websocket' | 'sse'
  readonly state: ConnectionState
  /** Time of the next attempt, in milliseconds since the epoch; null: none is planned. */
  readonly retryAtMs: number | null
  readonly cursor: string | null
  /** Filters with which the connection opens; null: it gets all events for its user. */
  readonly filters: readonly Filter[] | null
  readonly received: number
  /** True between connecting and `resumed`: events that arrive happened earlier. */
  readonly isCatchingUp: boolean
  /** Count of events that the last resumption replayed; null: no resumption yet. */
  readonly replayed: number | null
  readonly gaps: number
  /** Latencies of the newest events that were not replayed, in milliseconds. */
  readonly latenciesMs: readonly number[]
}

export type ConnectionAction =
  | { readonly kind: 'state'; readonly state: ConnectionState; readonly nowMs: number }
  | { readonly kind: 'event'; readonly cursor: string | null; readonly latencyMs: number | null }
  | { readonly kind: 'control'; readonly event: CloudEvent }
  | { readonly kind: 'gap'; readonly cursor: string | null }

const keptLatencies = 100

export function newConnection(start: Pick<ConnectionModel, 'id' | 'identity' | 'transport' | 'cursor' | 'filters'>): ConnectionModel {
  const state = { kind: 'closed', code: 0, reason: '' } as const
  return { ...start, state, retryAtMs: null, received: 0, isCatchingUp: true, replayed: null, gaps: 0, latenciesMs: [] }
}

export function reduceConnection(model: ConnectionModel, action: ConnectionAction): ConnectionModel {
  switch (action.kind) {
    case 'state':
      return {
        ...model,
        state: action.state,
        retryAtMs: action.state.kind === 'waiting' ? action.nowMs + action.state.retryInMs : null,
        isCatchingUp: model.isCatchingUp || action.state.kind !== 'open',
      }
    case 'event':
      return {
        ...model,
        cursor: action.cursor,
        received: model.received + 1,
        latenciesMs:
          action.latencyMs === null || model.isCatchingUp
            ? model.latenciesMs
            : [...model.latenciesMs, action.latencyMs].slice(-keptLatencies),
      }
    case 'control':
      return controlled(model, action.event)
    case 'gap':
      return { ...model, cursor: action.cursor, gaps: model.gaps + 1, isCatchingUp: false }
  }
}

function controlled(model: ConnectionModel, event: CloudEvent): ConnectionModel {
  const cursor = event.cursor ?? model.cursor
  if (event.type !== 'dev.carillon.resumed') return { ...model, cursor }
  return { ...model, cursor, isCatchingUp: false, replayed: readNumber(event.data, 'replayed') }
}

/** Returns a number of an event's data; null: there is none of that name. */
export function readNumber(data: unknown, name: string): number | null {
  const value: unknown = Object(data)[name]
  return typeof value === 'number' ? value : null
}

/** Returns the median; null: the list is empty. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}
