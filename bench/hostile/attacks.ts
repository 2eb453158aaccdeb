export interface AttackTarget {
  readonly port: number
  /** Token of a user that no event is addressed to. */
  readonly token: string
  /** Cursor for more partitions than the topic has; all of its offsets are those of the topic's end. */
  readonly forgedCursor: string
}

/** Connections that one client opens, and the bytes that each of them sends without reading. */
export interface Attack {
  readonly name: string
  readonly connections: number
  /** Bytes that are sent first, once. */
  readonly first: (target: AttackTarget, index: number) => string | Buffer
  /** Bytes that are sent afterwards, `times` times. */
  readonly again?: { readonly request: (target: AttackTarget) => string; readonly times: number }
  /** Connections that are opened each second and not held. */
  readonly perSecond?: number
  /** Bytes of each event for the attacker's own sessions. */
  readonly emitsBytes?: number
  /** Gateway options that make the limit small. */
  readonly env?: Readonly<Record<string, string>>
}

const api = '/api/chrome-service/v1'
const ask = (start: string, ...headers: readonly string[]): string =>
  `${start} HTTP/1.1\r\nHost: localhost\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`
const post = (path: string, body: string, ...headers: readonly string[]): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`
const nothing = (): string => ''
/**
 * Makes an attack that sends pipelined requests on each of 100 connections, and reads no answer. The kernel takes some megabytes of small
 * answers, so a few hundred requests are enough to see their cost.
 */
const pipelined = (name: string, request: string, times = 300): Attack => ({
  name: `100 connections of ${times} x ${name}, answers unread`,
  connections: 100,
  first: nothing,
  again: { request: () => request, times },
})
const handshake = ({ token }: AttackTarget, version = 13): string =>
  ask(
    'GET /wss/chrome-service/v1/ws',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Version: ${version}`,
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    `Authorization: Bearer ${token}`,
  )
const unfinishedHead = `GET /health HTTP/1.1\r\nHost: localhost\r\n${'a:b\r\n'.repeat(6_200)}`
const ping = Buffer.from([0x89, 0xfd, 0, 0, 0, 0, ...Buffer.alloc(125)])

export const attacks: readonly Attack[] = [
  pipelined('GET openapi.json', ask(`GET ${api}/openapi.json`), 900),
  pipelined('GET /health', ask('GET /health')),
  pipelined('GET /console', ask('GET /console')),
  pipelined('GET /nothing', ask('GET /nothing')),
  pipelined('OPTIONS', ask(`OPTIONS ${api}/events`, 'Origin: http://localhost', 'Access-Control-Request-Method: POST')),
  pipelined('POST emit-message that is refused', post(`${api}/emit-message`, '{}')),
  pipelined(
    'POST emit-message with Expect: 100-continue',
    post(`${api}/emit-message`, '{"type":"t","users":["x"]}', 'Expect: 100-continue'),
  ),
  {
    name: '100 bodies of 1 MiB that lack the last byte',
    connections: 100,
    first: () => post(`${api}/emit-message`, ' '.repeat(1_048_576), 'Expect: 100-continue').slice(0, -1),
  },
  {
    name: '100 unread event streams with 3 MB/s for them',
    connections: 100,
    first: ({ token }) => ask(`GET ${api}/events`, `Authorization: Bearer ${token}`),
    emitsBytes: 100_000,
    env: { MAX_CONNECTIONS_PER_USER: '1000' },
  },
  {
    name: '100 unread WebSockets with 3 MB/s for them',
    connections: 100,
    first: handshake,
    emitsBytes: 100_000,
    env: { MAX_CONNECTIONS_PER_USER: '1000' },
  },
  {
    name: '100 connections of 60 event streams behind each other',
    connections: 100,
    first: nothing,
    again: { request: ({ token }) => ask(`GET ${api}/events`, `Authorization: Bearer ${token}`), times: 60 },
    env: { MAX_CONNECTIONS_PER_USER: '1000' },
  },
  {
    name: '100 WebSockets of pings, pongs unread',
    connections: 100,
    first: (target) => Buffer.concat([Buffer.from(handshake(target)), ...Array.from({ length: 2_000 }, () => ping)]),
    env: { MAX_CONNECTIONS_PER_USER: '1000' },
  },
  { name: '500 refused upgrades a second, answers unread', connections: 0, perSecond: 500, first: (target) => handshake(target, 12) },
  {
    name: '500 streams without a token a second',
    connections: 0,
    perSecond: 500,
    first: () => ask(`GET ${api}/events`),
    env: { UPGRADE_RATE_PER_S: '50', UPGRADE_BURST: '100' },
  },
  { name: '1,200 heads of 31 KB that do not end', connections: 1_200, first: () => unfinishedHead },
  {
    name: '600 idle connections where 300 sessions have place',
    connections: 600,
    first: () => ask('GET /health'),
    env: { MAX_CONNECTIONS: '300' },
  },
  {
    name: '50 sessions with a forged cursor of 9,000 partitions',
    connections: 50,
    first: ({ token, forgedCursor }) => ask(`GET ${api}/events?cursor=${forgedCursor}`, `Authorization: Bearer ${token}`),
    emitsBytes: 100,
    env: { MAX_CONNECTIONS_PER_USER: '1000' },
  },
]
