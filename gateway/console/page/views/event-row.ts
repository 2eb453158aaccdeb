import { readNumber } from '../connection-model.ts'
import { h } from '../dom.ts'
import type { LogRow } from '../event-log.ts'
import { explainGap, formatCount, formatLatency, formatTime } from '../format.ts'
import { badge } from './connections-view.ts'
import { copyButton } from './copy-button.ts'
import { renderJson } from './json-view.ts'

export interface EventRow {
  readonly element: HTMLLIElement
  readonly summary: HTMLElement
  /** Adds the recipients that the row does not show yet. */
  update(row: LogRow): void
}

export interface EventRowOptions {
  readonly isOpen: boolean
  readonly toggled: (isOpen: boolean) => void
  readonly emitAgain: () => void
  readonly announce: (text: string) => void
}

/** Makes the line of an event. Its JSON is rendered when the line opens. */
export function createEventRow(row: LogRow, options: EventRowOptions): EventRow {
  const recipients = h('span', { class: 'recipients' })
  const summary = h(
    'summary',
    { tabindex: -1 },
    h('time', {}, formatTime(row.receivedAtMs)),
    h('span', { class: 'what' }, ...describe(row)),
    recipients,
  )
  const details = h('details', {}, summary)
  if (options.isOpen) {
    details.open = true
    details.append(renderBody(row, options))
  }
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(renderBody(row, options))
    options.toggled(details.open)
  })
  let shown = 0
  return {
    element: h('li', { class: `event ${row.kind}` }, details),
    summary,
    update: ({ deliveries }) => {
      for (const delivery of deliveries.slice(shown)) recipients.append(renderDelivery(delivery))
      shown = deliveries.length
    },
  }
}

function renderBody({ kind, event }: LogRow, { announce, emitAgain }: EventRowOptions): HTMLElement {
  const again = h('button', { type: 'button', class: 'ghost small' }, 'Edit and emit')
  again.addEventListener('click', emitAgain)
  const buttons =
    kind === 'event'
      ? [
          copyButton('Copy event', () => JSON.stringify(event, null, 2), announce),
          copyButton(
            'Copy data',
            () => (typeof event.data === 'string' ? event.data : (JSON.stringify(event.data, null, 2) ?? '')),
            announce,
          ),
          again,
        ]
      : [copyButton('Copy event', () => JSON.stringify(event, null, 2), announce)]
  return h('div', { class: 'event-body' }, h('div', { class: 'actions' }, ...buttons), renderJson(event, `JSON of ${event.type}`))
}

function describe({ kind, event }: LogRow): readonly (Node | string)[] {
  if (kind === 'gap') return [h('b', {}, 'Gap'), h('span', { class: 'about' }, explainGap(String(Object(event.data).reason)))]
  if (kind === 'event') return [h('b', {}, event.type), h('span', { class: 'about' }, aboutOf(event))]
  const about = {
    'dev.carillon.resumed': `${formatCount(readNumber(event.data, 'replayed') ?? 0, 'event')} replayed`,
    'dev.carillon.draining': `the gateway is about to stop; reconnects after ${readNumber(event.data, 'reconnectAfterMs') ?? 0} ms`,
    'dev.carillon.token-expiring': `${formatLatency(readNumber(event.data, 'expiresInMs'))} left`,
    'dev.carillon.bookmark': 'the cursor moved on',
  }[event.type]
  return [h('b', {}, event.type.replace('dev.carillon.', '')), h('span', { class: 'about' }, about ?? '')]
}

/** Most characters of data in a line. */
const maxPreview = 200

/** Returns what the line says beside the type: the title of a payload, or its beginning, which help more than an id. */
function aboutOf({ data, id, subject }: LogRow['event']): string {
  const title: unknown = Object(data).title
  const preview = typeof title === 'string' ? title : previewOf(data)
  return [subject, preview.slice(0, maxPreview), id].filter(Boolean).join(' · ')
}

function previewOf(data: unknown): string {
  if (data === undefined) return ''
  return typeof data === 'string' ? data : JSON.stringify(data)
}

function renderDelivery({ connectionId, latencyMs, isReplay }: LogRow['deliveries'][number]): HTMLElement {
  const how = isReplay ? 'replayed' : latencyMs === null ? '' : formatLatency(latencyMs)
  return h(
    'span',
    { class: `recipient${isReplay ? ' replayed' : ''}` },
    badge(connectionId),
    h('span', { class: 'visually-hidden' }, ` connection ${connectionId} `),
    ...(how === '' ? [] : [h('span', {}, how)]),
  )
}
