import type { CloudEvent } from '../../../client/index.ts'

/** One line of the list: an event and the connections that got it, or a control event of one connection. */
export interface LogRow {
  readonly seq: number
  readonly kind: 'event' | 'control' | 'gap'
  readonly event: CloudEvent
  readonly receivedAtMs: number
  readonly deliveries: readonly Delivery[]
}

export interface Delivery {
  readonly connectionId: number
  readonly latencyMs: number | null
  /** True: the event happened while the connection was away. */
  readonly isReplay: boolean
}

/** The newest events, oldest first. Events that arrive during a pause are kept aside, within the same bound. */
export interface EventLog {
  readonly rows: readonly LogRow[]
  readonly held: readonly LogRow[]
  readonly isPaused: boolean
  readonly nextSeq: number
}

export type LogAction =
  | { readonly kind: 'arrived'; readonly row: Omit<LogRow, 'seq' | 'deliveries'>; readonly delivery: Delivery }
  | { readonly kind: 'pause' }
  | { readonly kind: 'go-on' }
  | { readonly kind: 'clear' }

export const emptyLog: EventLog = { rows: [], held: [], isPaused: false, nextSeq: 1 }

/** Most rows that are kept. The oldest go first. */
export const maxRows = 500

/** Most rows that are searched for an event that arrives on another connection. */
const mergeDepth = 100

export function reduceLog(log: EventLog, action: LogAction): EventLog {
  switch (action.kind) {
    case 'arrived':
      return log.isPaused ? arrived(log, action, 'held') : arrived(log, action, 'rows')
    case 'pause':
      return { ...log, isPaused: true }
    case 'go-on':
      return { ...log, isPaused: false, rows: [...log.rows, ...log.held].slice(-maxRows), held: [] }
    case 'clear':
      return { ...log, rows: [], held: [] }
  }
}

type Arrived = Extract<LogAction, { kind: 'arrived' }>

function arrived(log: EventLog, { row, delivery }: Arrived, place: 'rows' | 'held'): EventLog {
  const rows = log[place]
  const at = row.kind === 'event' ? findSame(rows, row.event) : -1
  const same = rows[at]
  if (same !== undefined) return { ...log, [place]: rows.with(at, { ...same, deliveries: [...same.deliveries, delivery] }) }
  return { ...log, [place]: [...rows, { ...row, seq: log.nextSeq, deliveries: [delivery] }].slice(-maxRows), nextSeq: log.nextSeq + 1 }
}

function findSame(rows: readonly LogRow[], event: CloudEvent): number {
  const oldest = Math.max(0, rows.length - mergeDepth)
  for (let at = rows.length - 1; at >= oldest; at -= 1) {
    const row = rows[at]
    if (row?.kind === 'event' && row.event.id === event.id && row.event.source === event.source) return at
  }
  return -1
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
  return rows.filter((row) => {
    // A gap is never hidden, because users must not miss it.
    if (row.kind === 'control' && !filter.showsControl) return false
    if (filter.connectionId !== null && !row.deliveries.some(({ connectionId }) => connectionId === filter.connectionId)) return false
    if (words.length === 0) return true
    const text = JSON.stringify(row.event).toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
