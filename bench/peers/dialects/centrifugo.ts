import type { Dialect, DialectClient, Identity, Wire } from './dialect.ts'

/** Channel that a claim of the token subscribes every user to; the server adds a personal one. */
export const broadcastChannel = 'all'
export const personalNamespace = 'personal'
export const personalChannelOf = (user: string): string => `${personalNamespace}:#${user}`
export const channelOf = (user: string | null): string => (user === null ? broadcastChannel : personalChannelOf(user))

/** JSON protocol of its own clients (the module github.com/centrifugal/protocol), over the bidirectional WebSocket. */
export const centrifugo: Dialect = {
  client: (identity, resumes) => createClient(identity, resumes),
  publish: ({ number, data, user, mayRepeat }, key) => ({
    path: '/api/publish',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: `{"channel":"${channelOf(user)}",${mayRepeat ? `"idempotency_key":"${number}",` : ''}"data":${data}}`,
  }),
  record: ({ number, data, user }) => ({
    value: data,
    headers: { 'centrifugo-channels': channelOf(user), 'centrifugo-idempotency-key': String(number) },
  }),
}

function createClient({ token }: Identity, resumes: boolean): DialectClient {
  const positions = new Map<string, Position>()
  return {
    request: () => ({ path: '/connection/websocket', headers: {}, subprotocol: null }),
    opened: (wire) => {
      const subs = Object.fromEntries([...positions].map(([channel, position]) => [channel, { recover: true, ...position }]))
      wire.send(JSON.stringify({ id: 1, connect: { token, ...(resumes ? { subs } : {}) } }))
    },
    message: (wire, bytes, start, end) => {
      const isOnePush = bytes[start + 2] === pushLetter && !bytes.subarray(start, end).includes(lineFeed)
      if (resumes || !isOnePush)
        for (const line of bytes.toString('utf8', start, end).split('\n')) if (line !== '') readLine(wire, line, positions)
      wire.events(bytes, start, end)
    },
  }
}

interface Position {
  readonly epoch: string
  readonly offset: number
}

/** Only publications begin with `{"push":`. A frame has several messages, one per line. */
const pushLetter = 'p'.codePointAt(0)
const lineFeed = 10

interface Reply {
  readonly error?: { readonly message: string }
  readonly push?: { readonly channel: string; readonly pub?: Publication }
  readonly connect?: { readonly subs?: Readonly<Record<string, Subscription>> }
}

interface Subscription {
  readonly offset?: number
  readonly epoch?: string
  readonly publications?: readonly Publication[]
}

interface Publication {
  readonly offset?: number
}

function readLine(wire: Wire, line: string, positions: Map<string, Position>): void {
  // A ping is an empty object, and so is the answer.
  if (line === '{}') return wire.send('{}')
  const { error, push, connect } = JSON.parse(line) as Reply // messages of the protocol
  if (error !== undefined) return wire.fail(error.message)
  const offset = push?.pub?.offset
  if (push !== undefined && offset !== undefined) positions.set(push.channel, { epoch: positions.get(push.channel)?.epoch ?? '', offset })
  if (connect === undefined) return
  for (const [channel, subscription] of Object.entries(connect.subs ?? {})) positions.set(channel, positionOf(subscription))
  wire.ready()
}

function positionOf({ offset = 0, epoch = '', publications = [] }: Subscription): Position {
  return { epoch, offset: Math.max(offset, ...publications.map((publication) => publication.offset ?? 0)) }
}
