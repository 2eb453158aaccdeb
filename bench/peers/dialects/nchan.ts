import type { Dialect, DialectClient, Identity, PublishedEvent, PublishRequest } from './dialect.ts'

export const broadcastId = 'all'
export const userIdOf = (user: string): string => `user:${user}`

/**
 * WebSocket of nchan: a message for each event. A client that resumes asks for the subprotocol that puts the id of a message before it, and
 * comes back with the last one.
 */
export const nchan: Dialect = { client: createSocketClient, publish }

/** Event stream of nchan (`EventSource`): each event has the id that a client comes back with. */
export const nchanEventSource: Dialect = { client: createStreamClient, publish }

function publish({ data, user }: PublishedEvent, key: string): PublishRequest {
  return {
    path: `/publish?to=${user === null ? broadcastId : userIdOf(user)}`,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: data,
  }
}

function createSocketClient({ token }: Identity, resumes: boolean): DialectClient {
  let lastId: string | null = null
  return {
    request: () => ({
      path: lastId === null ? '/ws' : `/ws?last_event_id=${lastId}`,
      headers: { authorization: `Bearer ${token}` },
      subprotocol: resumes ? 'ws+meta.nchan' : null,
    }),
    opened: (wire) => wire.ready(),
    message: (wire, bytes, start, end) => {
      if (resumes) lastId = idOf(bytes, start, end) ?? lastId
      wire.events(bytes, start, end)
    },
  }
}

const colon = ':'.charCodeAt(0)

function createStreamClient({ token }: Identity, resumes: boolean): DialectClient {
  let lastId: string | null = null
  return {
    request: () => ({
      path: '/events',
      headers: { authorization: `Bearer ${token}`, ...(lastId === null ? {} : { 'last-event-id': lastId }) },
      isEventStream: true,
    }),
    opened: () => {},
    message: (wire, bytes, start, end) => {
      // A comment greets a subscriber.
      if (bytes[start] === colon) return wire.ready()
      if (resumes) lastId = idOf(bytes, start, end) ?? lastId
      wire.events(bytes, start, end)
    },
  }
}

const idField = 'id: '

/** Returns the id in the first line of a message; null when it has none. */
function idOf(bytes: Buffer, start: number, end: number): string | null {
  const message = bytes.subarray(start, end)
  const lineEnd = message.indexOf('\n')
  const line = lineEnd < 0 ? '' : message.toString('latin1', 0, lineEnd)
  return line.startsWith(idField) ? line.slice(idField.length) : null
}
