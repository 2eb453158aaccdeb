import type { Dialect } from './dialect.ts'

/** What a server that is written by hand speaks: each message is an event, and who comes back begins anew. */
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

/** The floor: frames over TCP without a handshake. Who connects says its user in a line of its own. */
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
