import type { CursorForm } from '../replay/entry.ts'

/** Returns the form that a client wants for the cursors of its events: the query parameter `cursors`. */
export function readCursorsParameter(query: URLSearchParams): CursorForm {
  const value = query.getAll('cursors').at(-1)
  return value === asksForShort || value?.startsWith(`${asksForShort}.`) === true ? 'short' : 'full'
}

const asksForShort = 'short'

/** Returns the short cursors in a value of the parameter, which count behind the whole one in `cursor`: none, or a text that begins with a point. */
export function shortCursorsIn(value: string): string {
  return value.startsWith(`${asksForShort}.`) ? value.slice(asksForShort.length) : ''
}
