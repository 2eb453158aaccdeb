import type { Dialect } from './dialect.ts'

/** Protocol of a hand-written server: one message per event, no resume. */
export const plain: Dialect = {
  client: ({ token }) => ({
    request: () => ({ path: '/', headers: { authorization: `Bearer ${token}` }, subprotocol: null }),
    opened: (wire) => wire.ready(),
    message: (wire, bytes, start, end) => wire.events(bytes, start, end),
  }),
  publish: ({ data, user }, key) => ({
    path: user === null ? '/publish' : `/publish?user=${user}`,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: data,
  }),
}

/** Protocol of the floor: frames over TCP without a handshake. A client sends its user in a line. */
export const bare: Dialect = {
  ...plain,
  client: ({ user }) => ({
    request: () => ({ path: null, headers: {} }),
    opened: (wire) => {
      wire.send(user)
      wire.ready()
    },
    message: (wire, bytes, start, end) => wire.events(bytes, start, end),
  }),
}
