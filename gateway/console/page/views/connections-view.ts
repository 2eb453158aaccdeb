import { median, type ConnectionModel } from '../connection-model.ts'
import { find, h, setClass, setText } from '../dom.ts'
import { describeState, explainState, formatCount, formatLatency } from '../format.ts'

export interface ConnectionCommands {
  cut(id: number): void
  stop(id: number): void
  /** Starts a connection. @param cursor the place to resume from; empty: the newest event */
  start(id: number, cursor: string): void
  remove(id: number): void
}

export interface ConnectionsView {
  render(connections: readonly ConnectionModel[], nowMs: number): void
}

/** Makes the list of connections. Each card is made once and then updated, so that focus and typed text stay. */
export function createConnectionsView(commands: ConnectionCommands): ConnectionsView {
  const list = find('connections', HTMLUListElement)
  const empty = find('connections-empty', HTMLParagraphElement)
  const summary = find('connections-summary', HTMLSpanElement)
  const cards = new Map<number, Card>()
  return {
    render: (connections, nowMs) => {
      for (const [id, card] of cards) {
        if (connections.some((connection) => connection.id === id)) continue
        card.element.remove()
        cards.delete(id)
      }
      for (const connection of connections) {
        const card = cards.get(connection.id) ?? createCard(connection, commands)
        if (!cards.has(connection.id)) list.append(card.element)
        cards.set(connection.id, card)
        card.render(connection, nowMs)
      }
      empty.hidden = connections.length > 0
      const open = connections.filter(({ state }) => state.kind === 'open').length
      setText(summary, connections.length === 0 ? '' : `${open} of ${connections.length} open`)
    },
  }
}

interface Card {
  readonly element: HTMLLIElement
  render(model: ConnectionModel, nowMs: number): void
}

/** Count of colours, which repeat. The number on the badge does not. */
const colours = 8

export function badge(connectionId: number): HTMLElement {
  return h('span', { class: `badge colour-${(connectionId - 1) % colours}`, 'aria-hidden': 'true' }, String(connectionId))
}

function createCard({ id, identity, filters }: ConnectionModel, commands: ConnectionCommands): Card {
  const name = `connection ${id}, ${identity.label}`
  const pill = h('span', { class: 'pill' })
  const reason = h('p', { class: 'reason' })
  const stats = createStats()
  const cursor = h('input', {
    id: `cursor-${id}`,
    class: 'cursor',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: 'the newest event',
  })
  const button = (label: string, run: () => void, look = 'ghost'): HTMLButtonElement => {
    const made = h('button', { type: 'button', class: look, 'aria-label': `${label} ${name}` }, label)
    made.addEventListener('click', run)
    return made
  }
  const cut = button('Cut', () => commands.cut(id))
  const stop = button('Stop', () => commands.stop(id))
  const start = button('Start', () => commands.start(id, cursor.value.trim()), 'primary small')
  const remove = button('Remove', () => commands.remove(id))
  const element = h(
    'li',
    { class: 'card' },
    h(
      'div',
      { class: 'card-head' },
      badge(id),
      h('h3', {}, identity.principal?.username ?? identity.principal?.userId ?? identity.label),
      h('span', { class: 'who', title: describeWho(identity) }, describeWho(identity)),
      pill,
    ),
    reason,
    ...(filters === null ? [] : [h('p', { class: 'mono filters-of' }, JSON.stringify(filters))]),
    stats.element,
    h(
      'div',
      { class: 'card-foot' },
      h('div', { class: 'field' }, h('label', { for: cursor.id }, 'Cursor'), cursor),
      h('div', { class: 'actions' }, start, cut, stop, remove),
    ),
  )
  return {
    element,
    render: (model, nowMs) => {
      const isStopped = model.state.kind === 'closed'
      setText(pill, describeState(model, nowMs))
      pill.dataset['state'] = model.state.kind
      setText(reason, explainState(model))
      stats.render(model)
      if (!isStopped || !cursor.matches(':focus')) setCursor(cursor, model, isStopped)
      cut.disabled = model.state.kind !== 'open'
      moveFocus(isStopped, { start, stop })
    },
  }
}

function describeWho({ principal }: ConnectionModel['identity']): string {
  if (principal === null) return 'The user of the cookie'
  return [principal.userId, principal.organizationId, ...principal.roles].filter((part) => part !== null).join(' · ')
}

/** Shows the cursor of a running connection. The user may change that of a stopped one, to an older one or to none. */
function setCursor(input: HTMLInputElement, model: ConnectionModel, isStopped: boolean): void {
  if (input.readOnly === !isStopped && input.dataset['of'] === model.cursor) return
  input.readOnly = !isStopped
  input.dataset['of'] = model.cursor ?? ''
  input.value = model.cursor ?? ''
}

/** Shows one of two buttons. The keyboard focus moves from one to the other. */
function moveFocus(isStopped: boolean, { start, stop }: { readonly start: HTMLButtonElement; readonly stop: HTMLButtonElement }): void {
  const [shown, hidden] = isStopped ? [start, stop] : [stop, start]
  const hadFocus = hidden === document.activeElement
  shown.hidden = false
  hidden.hidden = true
  if (hadFocus) shown.focus()
}

function createStats(): { readonly element: HTMLElement; render(model: ConnectionModel): void } {
  const events = h('dd')
  const latency = h('dd')
  const replayed = h('dd')
  const gaps = h('dd')
  const pair = (label: string, value: HTMLElement): HTMLElement => h('div', {}, h('dt', {}, label), value)
  return {
    element: h(
      'dl',
      { class: 'stats' },
      pair('Events', events),
      pair('Median latency', latency),
      pair('Replayed', replayed),
      pair('Gaps', gaps),
    ),
    render: (model) => {
      setText(events, model.received.toLocaleString('en'))
      setText(latency, formatLatency(median(model.latenciesMs)))
      latency.title = model.latenciesMs.length === 0 ? '' : `Median of the last ${formatCount(model.latenciesMs.length, 'event')}`
      setText(replayed, model.replayed === null ? '–' : model.replayed.toLocaleString('en'))
      setText(gaps, String(model.gaps))
      setClass(gaps, 'bad', model.gaps > 0)
    },
  }
}
