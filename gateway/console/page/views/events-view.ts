import type { ConnectionModel } from '../connection-model.ts'
import { find, setText } from '../dom.ts'
import { type EventLog, filterRows, type LogFilter, type LogRow, toNdjson } from '../event-log.ts'
import { formatCount } from '../format.ts'
import { createEventRow, type EventRow } from './event-row.ts'
import { createEventsFilter } from './events-filter.ts'
import { saveFile } from './save-file.ts'
import { createVirtualList } from './virtual-list.ts'

export interface EventsView {
  render(log: EventLog, connections: readonly ConnectionModel[]): void
  /** Moves to the next event (1) or to the previous one (-1), and gives it the focus. */
  step(by: 1 | -1): void
}

export interface EventCommands {
  togglePause(): void
  clear(): void
  /** Gets the events that the gateway still holds. */
  replay(): void
  /** Called when the filter has changed. */
  filtered(): void
  /** Fills the emit form with an event. */
  emitAgain(event: LogRow['event']): void
  announce(text: string): void
}

/** Height of a closed line, in pixels, before it is measured. */
const lineHeight = 38

/** Makes the list of events, newest first. Only the lines in view are in the page. */
export function createEventsView(commands: EventCommands): EventsView {
  const pause = find('events-pause', HTMLButtonElement)
  const filter = createEventsFilter(commands.filtered)
  const views = new Map<number, EventRow>()
  const open = new Set<number>()
  let rows = new Map<number, LogRow>()
  let visible: readonly LogRow[] = []
  let current: number | null = null
  const make = (seq: number): HTMLElement => {
    const row = rows.get(seq)
    if (row === undefined) throw new Error(`The list has no row ${seq}.`)
    const view = createEventRow(row, {
      isOpen: open.has(seq),
      toggled: (isOpen) => (isOpen ? open.add(seq) : open.delete(seq)),
      emitAgain: () => commands.emitAgain(row.event),
      announce: commands.announce,
    })
    view.element.addEventListener('focusin', () => select(seq))
    view.update(row)
    views.set(seq, view)
    // The list may make a line in a frame after the last render.
    view.summary.tabIndex = seq === tabStop() ? 0 : -1
    return view.element
  }
  const list = createVirtualList({
    scroller: find('event-scroll', HTMLDivElement),
    list: find('event-list', HTMLOListElement),
    estimatedHeight: lineHeight,
    make,
    drop: (seq) => views.delete(seq),
  })
  /** Makes one line the tab stop of the list. */
  const select = (seq: number): void => {
    current = seq
    list.pin(seq)
    markTabStop()
  }
  const tabStop = (): number | undefined => (current !== null && rows.has(current) ? current : visible.at(-1)?.seq)
  const markTabStop = (): void => {
    const stop = tabStop()
    for (const [seq, { summary }] of views) summary.tabIndex = seq === stop ? 0 : -1
  }
  pause.addEventListener('click', () => commands.togglePause())
  find('events-clear', HTMLButtonElement).addEventListener('click', () => commands.clear())
  find('events-replay', HTMLButtonElement).addEventListener('click', () => commands.replay())
  find('events-export', HTMLButtonElement).addEventListener('click', () => {
    saveFile('events.ndjson', 'application/x-ndjson', toNdjson(visible))
    commands.announce(`${formatCount(visible.length, 'event')} saved.`)
  })
  return {
    render: (log, connections) => {
      filter.render(connections)
      visible = filterRows(log.rows, filter.read())
      rows = new Map(visible.map((row) => [row.seq, row]))
      list.show(visible.map(({ seq }) => seq).toReversed())
      for (const [seq, view] of views) {
        const row = rows.get(seq)
        if (row !== undefined) view.update(row)
      }
      const oldest = log.rows[0]?.seq ?? Number.POSITIVE_INFINITY
      for (const seq of open) if (seq < oldest) open.delete(seq)
      markTabStop()
      pause.setAttribute('aria-pressed', String(log.isPaused))
      setText(pause, log.isPaused ? `Go on${log.held.length === 0 ? '' : ` (${log.held.length})`}` : 'Pause')
      renderSummary(log, visible, filter.read())
    },
    step: (by) => {
      const at = visible.findIndex(({ seq }) => seq === current)
      // The next line is the one below, which is older.
      const target = visible[at === -1 ? visible.length - 1 : at - by]
      if (target === undefined) return
      current = target.seq
      list.reveal(target.seq)
      markTabStop()
      views.get(target.seq)?.summary.focus({ preventScroll: true })
    },
  }
}

function renderSummary(log: EventLog, visible: readonly LogRow[], filter: LogFilter): void {
  const kept = log.rows.length
  const count = visible.length === kept ? formatCount(kept, 'line') : `${visible.length} of ${formatCount(kept, 'line')}`
  const dropped = log.dropped === 0 ? '' : `, ${formatCount(log.dropped, 'older one')} dropped`
  setText(find('events-summary', HTMLSpanElement), kept === 0 ? '' : `${count}${dropped}`)
  setText(find('jump-count', HTMLSpanElement), kept === 0 ? '' : String(log.rows.filter(({ kind }) => kind === 'event').length))
  find('events-export', HTMLButtonElement).disabled = visible.length === 0
  // Control events arrive by themselves. Without any other event, the page shows what to try.
  find('events-empty', HTMLDivElement).hidden = visible.some(({ kind }) => kind !== 'control')
  setText(find('events-empty-text', HTMLParagraphElement), explainEmpty(log, filter))
}

function explainEmpty(log: EventLog, filter: LogFilter): string {
  if (log.rows.some(({ kind }) => kind !== 'control') && (filter.text !== '' || filter.connectionId !== null))
    return 'No event matches the filter.'
  if (log.isPaused) return 'Paused. New events are kept until you go on.'
  return 'Nothing has arrived yet. Emit something, and watch who gets it.'
}
