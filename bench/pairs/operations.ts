import { type Agent, request } from 'node:http'
import { RawConnection } from '../lib/raw-connection.ts'
import type { Readers } from './readers.ts'

/** An operation that both gateways of a pair run, one after the other. */
export interface Operation {
  readonly name: string
  /** Runs per round, and runs at a time. */
  readonly times: number
  readonly atOnce: number
  /** Runs once. @throws when the answer is not the expected one */
  run(side: Side): Promise<void>
}

/** One gateway, with what a request to it needs. */
export interface Side {
  readonly port: number
  readonly token: string
  readonly agent: Agent
  readonly readers: Readers
}

const api = '/api/chrome-service/v1'
const attributes = { specversion: '1.0', source: '/bench', type: 'com.example.bench' }
const data = { number: 17, fill: 'x'.repeat(400) }
let last = 0
const newId = (): string => `pair-${(last += 1)}`

export const operations: readonly Operation[] = [
  {
    name: 'emit-message',
    times: 2_000,
    atOnce: 8,
    run: (side) =>
      post(side, 'emit-message', {}, JSON.stringify({ id: newId(), type: 'com.example.bench', users: ['ann'], payload: data })),
  },
  {
    name: 'structured event',
    times: 2_000,
    atOnce: 8,
    run: (side) =>
      post(
        side,
        'events',
        { 'content-type': 'application/cloudevents+json' },
        JSON.stringify({ ...attributes, id: newId(), audience: { users: ['ann'] }, data }),
      ),
  },
  {
    name: 'binary event',
    times: 2_000,
    atOnce: 8,
    run: (side) => {
      const headers = Object.fromEntries(
        Object.entries({ ...attributes, id: newId(), audience: '{"users":["ann"]}' }).map(([name, value]) => [`ce-${name}`, value]),
      )
      return post(side, 'events', { 'content-type': 'application/json', ...headers }, JSON.stringify(data))
    },
  },
  { name: 'broadcast, one at a time', times: 40, atOnce: 1, run: broadcast },
  { name: 'broadcasts, four in flight', times: 160, atOnce: 4, run: broadcast },
  { name: 'WebSocket handshake', times: 1_000, atOnce: 8, run: openSocket },
  { name: 'SSE handshake', times: 1_000, atOnce: 8, run: openStream },
]

/** An event for all readers, until all of them have read it. */
async function broadcast(side: Side): Promise<void> {
  const isRead = side.readers.all()
  await post(side, 'emit-message', {}, JSON.stringify({ id: newId(), type: 'com.example.bench', broadcast: true, payload: data }))
  await isRead
}

function post({ port, token, agent }: Side, path: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const all = { authorization: `Bearer ${token}`, 'content-length': String(Buffer.byteLength(body)), ...headers }
    const outgoing = request({ agent, host: '127.0.0.1', port, path: `${api}/${path}`, method: 'POST', headers: all }, (response) => {
      response.resume()
      response.once('end', () =>
        response.statusCode === 202 ? resolve() : reject(new Error(`${path} was answered ${response.statusCode}`)),
      )
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

/** Returns one of 100 addresses of this machine, in turn: handshakes from one address would use up its ports, which stay taken for a minute. */
const nextAddress = (): string => `127.0.0.${1 + ((last += 1) % 100)}`

async function openSocket({ port, token }: Side): Promise<void> {
  const target = { host: '127.0.0.1', port, path: '/wss/chrome-service/v1/ws', headers: { authorization: `Bearer ${token}` } }
  const connection = await RawConnection.openWith(target, { localAddress: nextAddress(), reader: () => ({ add: () => {} }) })
  connection.destroy()
}

function openStream({ port, token }: Side): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent: false,
        localAddress: nextAddress(),
        host: '127.0.0.1',
        port,
        path: `${api}/events`,
        headers: { authorization: `Bearer ${token}` },
      },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`a stream got ${response.statusCode}`))
        // The response was cut here, hence its error.
        response.once('error', () => {}).once('close', resolve)
        response.destroy()
      },
    )
    outgoing.once('error', reject)
    outgoing.end()
  })
}
