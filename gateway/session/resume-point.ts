import { shortCursorsIn } from './cursors-parameter.ts'
import type { HandshakeRequest } from './handshake.ts'

type ResumePoint = Pick<HandshakeRequest, 'cursor' | 'cursorFrom'>

/**
 * Names of query parameters, in lower case, that hold the last event id of a client that cannot send the header: `lastEventId` of
 * event-source-polyfill, `lastEventID` and `Last-Event-ID` of Mercure's clients, `evs_last_event_id` of an older polyfill.
 */
const lastEventIdParameters: ReadonlySet<string> = new Set(['lasteventid', 'last-event-id', 'evs_last_event_id'])

/**
 * Reads the point from which a client resumes (docs/protocol.md section 2.5): the header `Last-Event-ID`, then its query parameter, then `cursor`.
 * The newest counts: a client that reconnects uses the URL of its first request, in which `cursor` is older. An empty id is ignored, as browsers
 * do. The last of repeated parameters counts, because polyfills append theirs. Short cursors in `cursors` belong to `cursor` alone.
 */
export function readResumePoint(lastEventId: string | readonly string[] | undefined, query: URLSearchParams): ResumePoint {
  if (typeof lastEventId === 'string' && lastEventId !== '') return { cursor: lastEventId, cursorFrom: 'last-event-id' }
  let cursor: string | null = null
  let behind = ''
  let inQuery = ''
  for (const [name, value] of query) {
    if (name === 'cursor') cursor = value
    else if (name === 'cursors') behind = shortCursorsIn(value)
    else if (value !== '' && lastEventIdParameters.has(name.toLowerCase())) inQuery = value
  }
  if (inQuery !== '') return { cursor: inQuery, cursorFrom: 'last-event-id' }
  return { cursor: cursor === null ? null : cursor + behind, cursorFrom: 'cursor' }
}
