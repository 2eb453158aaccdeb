import type { CloudEvent } from '../../../client/index.ts'

/** One line of the list: an event and the connections that got it, or a control event of one connection. */
export interface LogRow {
  readonly seq: number
  readonly kind: 'event' | 'control' | 'gap'
  readonly event: CloudEvent
  readonly receivedAtMs: number
  readonly deliveries: readonly Delivery[]
  /** The event's JSON in lower case, which the filter searches. */
  readonly searchText: string
}

export interface Delivery {
  readonly connectionId: number
  readonly latencyMs: number | null
  /** True: the event happened while the connection was away. */
  readonly isReplay: boolean
}

export interface Arrival {
  readonly row: Pick<LogRow, 'kind' | 'event' | 'receivedAtMs'>
  readonly delivery: Delivery
}

/** The newest events, oldest first. Events that arrive during a pause are kept aside, within the same bounds. */
export interface EventLog {
  readonly rows: readonly LogRow[]
  readonly held: readonly LogRow[]
  /** Count of rows that were dropped to make room, since the list was last cleared. */
  readonly dropped: number
  readonly isPaused: boolean
  readonly nextSeq: number
}

export type LogAction =
  | { readonly kind: 'arrived'; readonly arrivals: readonly Arrival[] }
  | { readonly kind: 'pause' }
  | { readonly kind: 'go-on' }
  | { readonly kind: 'clear' }

export const emptyLog: EventLog = { rows: [], held: [], dropped: 0, isPaused: false, nextSeq: 1 }

/** Most rows that are kept. The oldest go first. */
export const maxRows = 5_000

/** Most characters of JSON of all rows together. The oldest go first, but the newest row stays. */
export const maxCharacters = 16_000_000

export function reduceLog(log: EventLog, action: LogAction): EventLog {
  switch (action.kind) {
    case 'arrived':
      return arrived(log, action.arrivals, log.isPaused ? 'held' : 'rows')
    case 'pause':
      return { ...log, isPaused: true }
    case 'go-on':
      return { ...log, isPaused: false, ...bounded(log, 'rows', [...log.rows, ...log.held]), held: [] }
    case 'clear':
      return { ...log, rows: [], held: [], dropped: 0 }
  }
}

/** Adds arrivals in one go, because a copy of the rows for each of a burst would cost more than the rest of the page. */
function arrived(log: EventLog, arrivals: readonly Arrival[], place: 'rows' | 'held'): EventLog {
  const rows = [...log[place]]
  const places = new Map<string, number>()
  for (const [at, { kind, event }] of rows.entries()) if (kind === 'event') places.set(keyOf(event), at)
  let { nextSeq } = log
  for (const { row, delivery } of arrivals) {
    const at = row.kind === 'event' ? places.get(keyOf(row.event)) : undefined
    const same = at === undefined ? undefined : rows[at]
    if (at !== undefined && same !== undefined) {
      rows[at] = { ...same, deliveries: [...same.deliveries, delivery] }
      continue
    }
    if (row.kind === 'event') places.set(keyOf(row.event), rows.length)
    rows.push({ ...row, seq: nextSeq, deliveries: [delivery], searchText: JSON.stringify(row.event).toLowerCase() })
    nextSeq += 1
  }
  return { ...log, ...bounded(log, place, rows), nextSeq }
}

/** An event is the same on another connection if its source and id are. */
const keyOf = ({ source, id }: CloudEvent): string => `${source}\u0000${id}`

function bounded(log: EventLog, place: 'rows' | 'held', rows: readonly LogRow[]): Partial<EventLog> {
  let first = rows.length
  let characters = 0
  while (first > 0 && rows.length - first < maxRows) {
    characters += rows[first - 1]?.searchText.length ?? 0
    if (characters > maxCharacters && first < rows.length) break
    first -= 1
  }
  return { [place]: first === 0 ? rows : rows.slice(first), dropped: log.dropped + first }
}

export interface LogFilter {
  /** Words, all of which must be in the event, in any case. */
  readonly text: string
  /** The connection; null: all. */
  readonly connectionId: number | null
  readonly showsControl: boolean
}

export function filterRows(rows: readonly LogRow[], filter: LogFilter): readonly LogRow[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter(({ kind, deliveries, searchText }) => {
    // A gap is never hidden, because users must not miss it.
    if (kind === 'control' && !filter.showsControl) return false
    if (filter.connectionId !== null && !deliveries.some(({ connectionId }) => connectionId === filter.connectionId)) return false
    return words.every((word) => searchText.includes(word))
  })
}

/** Returns the events of rows as newline-delimited JSON, oldest first, each as it arrived. */
export const toNdjson = (rows: readonly LogRow[]): string => rows.map(({ event }) => `${JSON.stringify(event)}\n`).join('')
