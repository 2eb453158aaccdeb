import type { ConnectionModel } from '../connection-model.ts'
import { find, h } from '../dom.ts'
import type { LogFilter } from '../event-log.ts'

export interface EventsFilter {
  read(): LogFilter
  /** Offers these connections. */
  render(connections: readonly ConnectionModel[]): void
}

/** Makes the filter of the list. @param filtered called when the filter has changed */
export function createEventsFilter(filtered: () => void): EventsFilter {
  const text = find('filter-text', HTMLInputElement)
  const connection = find('filter-connection', HTMLSelectElement)
  const control = find('filter-control', HTMLInputElement)
  for (const field of [text, connection, control]) field.addEventListener('input', () => filtered())
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
