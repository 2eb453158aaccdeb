import type { Dialect, DialectClient, Identity } from './dialect.ts'
import { lastQuoted } from './dialect.ts'

/**
 * Engine.IO 4 and Socket.IO 5 over a WebSocket at once, which is an option of their clients. With connection state recovery, the last
 * argument of each event is the offset that a client comes back with.
 */
export const socketio: Dialect = {
  client: (identity, resumes) => createClient(identity, resumes),
  publish: ({ data, user }, key) => ({
    path: user === null ? '/publish' : `/publish?user=${user}`,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: data,
  }),
}

const code = (character: string): number => character.charCodeAt(0)
const [openType, pingType, messageType] = [code('0'), code('2'), code('4')]
const [connectType, eventType, errorType] = [code('0'), code('2'), code('4')]

function createClient({ token }: Identity, resumes: boolean): DialectClient {
  let session: string | null = null
  let offset: string | null = null
  const connectPacket = (): string =>
    `40${JSON.stringify({ token, ...(session !== null && offset !== null ? { pid: session, offset } : {}) })}`
  return {
    request: () => ({ path: '/socket.io/?EIO=4&transport=websocket', headers: {}, subprotocol: null }),
    opened: () => {},
    message: (wire, bytes, start, end) => {
      const type = bytes[start]
      if (type === pingType) return wire.send('3')
      if (type === openType) return wire.send(connectPacket())
      if (type !== messageType) return
      const packet = bytes[start + 1]
      if (packet === eventType) {
        if (resumes) offset = lastQuoted(bytes, start, end, ',"') ?? offset
        return wire.events(bytes, start, end)
      }
      if (packet === connectType) {
        if (resumes) session = lastQuoted(bytes, start, end, '"pid":"')
        return wire.ready()
      }
      if (packet === errorType) wire.fail(bytes.toString('utf8', start, end))
    },
  }
}
