import type { CursorForm } from '../replay/entry.ts'

/** Returns the form that a client wants for the cursors of its events: the query parameter `cursors`. @param query the text after the question mark; may be empty */
export function readCursorsParameter(query: string): CursorForm {
  // Most requests of clients with a library of their own have none. A name may have encoded letters.
  return /cursors|%/.test(query) && new URLSearchParams(query).getAll('cursors').at(-1) === 'short' ? 'short' : 'full'
}
