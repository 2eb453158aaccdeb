import type { ConnectionModel } from '../connection-model.ts'
import { readNumber } from '../connection-model.ts'
import { find, h, setText } from '../dom.ts'
import { type EventLog, filterRows, type LogFilter, type LogRow } from '../event-log.ts'
import { explainGap, formatCount, formatLatency, formatTime } from '../format.ts'
import { badge } from './connections-view.ts'

export interface EventsView {
  render(log: EventLog, connections: readonly ConnectionModel[]): void
}

export interface EventCommands {
  togglePause(): void
  clear(): void
  /** Called when the filter has changed. */
  filtered(): void
}

/** Makes the list of events, newest first. A row is made once, and its recipients are added as they get the event. */
export function createEventsView(commands: EventCommands): EventsView {
  const list = find('event-list', HTMLOListElement)
  const pause = find('events-pause', HTMLButtonElement)
  const filter = createFilter(commands)
  const rows = new Map<number, RowView>()
  pause.addEventListener('click', () => commands.togglePause())
  find('events-clear', HTMLButtonElement).addEventListener('click', () => commands.clear())
  return {
    render: (log, connections) => {
      filter.render(connections)
      const visible = filterRows(log.rows, filter.read())
      renderRows(list, rows, visible)
      pause.setAttribute('aria-pressed', String(log.isPaused))
      setText(pause, log.isPaused ? `Go on${log.held.length === 0 ? '' : ` (${log.held.length})`}` : 'Pause')
      renderSummary(log, visible)
    },
  }
}

function renderSummary(log: EventLog, rows: readonly LogRow[]): void {
  const visible = rows.length
  const kept = log.rows.length
  setText(
    find('events-summary', HTMLSpanElement),
    kept === 0 ? '' : visible === kept ? formatCount(kept, 'line') : `${visible} of ${formatCount(kept, 'line')}`,
  )
  // Control events arrive by themselves. Without any other event, the page shows what to try.
  find('events-empty', HTMLDivElement).hidden = rows.some(({ kind }) => kind !== 'control')
  const isFiltered = log.rows.some(({ kind }) => kind !== 'control')
  const text = isFiltered
    ? 'No event matches the filter.'
    : log.isPaused
      ? 'Paused. New events are kept until you go on.'
      : 'Nothing has arrived yet. Emit something, and watch who gets it.'
  setText(find('events-empty-text', HTMLParagraphElement), text)
}

interface Filter {
  read(): LogFilter
  render(connections: readonly ConnectionModel[]): void
}

function createFilter(commands: EventCommands): Filter {
  const text = find('filter-text', HTMLInputElement)
  const connection = find('filter-connection', HTMLSelectElement)
  const control = find('filter-control', HTMLInputElement)
  for (const field of [text, connection, control]) field.addEventListener('input', () => commands.filtered())
  let shown = ''
  return {
    read: () => ({
      text: text.value,
      connectionId: connection.value === '' ? null : Number(connection.value),
      showsControl: control.checked,
    }),
    render: (connections) => {
      const ids = connections.map(({ id }) => id).join()
      if (ids === shown) return
      shown = ids
      const chosen = connection.value
      connection.replaceChildren(
        h('option', { value: '' }, 'Any connection'),
        ...connections.map(({ id, identity }) => h('option', { value: id }, `${id} · ${identity.label}`)),
      )
      connection.value = connections.some(({ id }) => String(id) === chosen) ? chosen : ''
    },
  }
}

interface RowView {
  readonly element: HTMLLIElement
  readonly recipients: HTMLElement
  shown: number
}

function renderRows(list: HTMLOListElement, views: Map<number, RowView>, visible: readonly LogRow[]): void {
  const kept = new Set(visible.map(({ seq }) => seq))
  for (const [seq, view] of views) {
    if (kept.has(seq)) continue
    view.element.remove()
    views.delete(seq)
  }
  let next: Element | null = list.firstElementChild
  for (const row of visible.toReversed()) {
    const view = views.get(row.seq) ?? createRow(row)
    views.set(row.seq, view)
    for (const delivery of row.deliveries.slice(view.shown)) view.recipients.append(renderDelivery(delivery))
    view.shown = row.deliveries.length
    if (view.element === next) next = next.nextElementSibling
    else list.insertBefore(view.element, next)
  }
}

function createRow(row: LogRow): RowView {
  const recipients = h('span', { class: 'recipients' })
  const details = h(
    'details',
    {},
    h('summary', {}, h('time', {}, formatTime(row.receivedAtMs)), h('span', { class: 'what' }, ...describe(row)), recipients),
  )
  // The JSON is rendered when a row opens: that of hundreds of closed rows would cost more than the rest of the page.
  details.addEventListener(
    'toggle',
    () => details.append(h('pre', { tabindex: 0, 'aria-label': `JSON of ${row.event.type}` }, JSON.stringify(row.event, null, 2))),
    { once: true },
  )
  return { element: h('li', { class: `event ${row.kind}` }, details), recipients, shown: 0 }
}

function describe({ kind, event }: LogRow): readonly (Node | string)[] {
  if (kind === 'gap') return [h('b', {}, 'Gap'), h('span', { class: 'about' }, explainGap(String(Object(event.data).reason)))]
  if (kind === 'event') return [h('b', {}, event.type), h('span', { class: 'about' }, `${titleOf(event.data)}${event.id}`)]
  const about = {
    'dev.carillon.resumed': `${formatCount(readNumber(event.data, 'replayed') ?? 0, 'event')} replayed`,
    'dev.carillon.draining': `the gateway is about to stop; reconnects after ${readNumber(event.data, 'reconnectAfterMs') ?? 0} ms`,
    'dev.carillon.token-expiring': `${formatLatency(readNumber(event.data, 'expiresInMs'))} left`,
    'dev.carillon.bookmark': 'the cursor moved on',
  }[event.type]
  return [h('b', {}, event.type.replace('dev.carillon.', '')), h('span', { class: 'about' }, about ?? '')]
}

/** Returns the title of a payload, which helps more than an id. */
function titleOf(data: unknown): string {
  const title: unknown = Object(data).title
  return typeof title === 'string' ? `${title} · ` : ''
}

function renderDelivery({ connectionId, latencyMs, isReplay }: LogRow['deliveries'][number]): HTMLElement {
  const how = isReplay ? 'replayed' : latencyMs === null ? '' : formatLatency(latencyMs)
  return h(
    'span',
    { class: 'recipient' },
    badge(connectionId),
    h('span', { class: 'visually-hidden' }, ` connection ${connectionId} `),
    ...(how === '' ? [] : [h('span', {}, how)]),
  )
}
