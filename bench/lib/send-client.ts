/** Sends events over WebSockets, or emits them over HTTP, and reports how long the acknowledgements took. Started by `startChild`. */
import { Agent, request } from 'node:http'
import type { SendTarget } from '../subjects/send-gateway.ts'
import { answerCalls } from './calls.ts'
import { nowMs } from './clock.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { RawConnection } from './raw-connection.ts'

/** Calls that this process answers. */
export interface SendClientCalls extends Record<string, (parameter: never) => unknown> {
  /** Opens a WebSocket for each token. */
  connect(target: SendTarget): Promise<void>
  /** Sends events of this type over all sockets: the next one on a socket when the last one is acknowledged. */
  send(parameter: { readonly type: string; readonly events: number }): Promise<Percentiles>
  /** Emits events over as many HTTP connections, in the same way. */
  emit(parameter: { readonly audience: string; readonly events: number }): Promise<Percentiles>
}

interface Sender {
  readonly socket: RawConnection
  answered: (text: string) => void
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
const senders: Sender[] = []
let target: SendTarget | null = null
let count = 0

/** About 500 bytes, as in the other benchmarks. */
const data = { fill: 'x'.repeat(400) }

const calls: SendClientCalls = {
  connect: async (to) => {
    target = to
    await Promise.all(to.tokens.map((token) => open(to, token)))
  },
  send: ({ type, events }) => spread(senders, events, (sender) => sendOne(sender, type)),
  emit: ({ audience, events }) => {
    const to = target
    if (to === null) throw new Error('the client is not connected')
    return spread([...to.tokens], events, () => emitOne(to, audience))
  },
}

async function open(to: SendTarget, token: string): Promise<void> {
  const sender: { -readonly [Name in keyof Sender]: Sender[Name] | null } = { socket: null, answered: null }
  const tally = {
    frames: 0,
    bytes: 0,
    onText: (bytes: Buffer, start: number, end: number) => sender.answered?.(bytes.toString('latin1', start, Math.min(end, start + 400))),
  }
  const path = { host: '127.0.0.1', port: to.port, path: to.socketPath, headers: { authorization: `Bearer ${token}` } }
  const socket = await RawConnection.open(path, { localAddress: '127.0.0.1', tally })
  senders.push(Object.assign(sender, { socket, answered: () => {} }))
}

/** Each source sends one event after the other. @returns the milliseconds until their acknowledgements */
async function spread<Source>(sources: readonly Source[], events: number, one: (source: Source) => Promise<void>): Promise<Percentiles> {
  const took: number[] = []
  let left = events
  await Promise.all(
    sources.map(async (source) => {
      while (left > 0) {
        left -= 1
        const startMs = nowMs()
        await one(source)
        took.push(nowMs() - startMs)
      }
    }),
  )
  return percentilesOf(took)
}

/** Resolves when the event is acknowledged. @throws Error when it is refused */
function sendOne(sender: Sender, type: string): Promise<void> {
  count += 1
  const id = `send-${count}`
  return new Promise((resolve, reject) => {
    sender.answered = (text) => {
      if (text.includes('"dev.carillon.ack"') && text.includes(`"${id}"`)) resolve()
      else if (text.includes('"dev.carillon.nack"')) reject(new Error(text))
    }
    sender.socket.send(JSON.stringify({ specversion: '1.0', id, source: '/bench', type, data }))
  })
}

/** Resolves when the event is accepted. @throws Error when it is not */
function emitOne(to: SendTarget, audience: string): Promise<void> {
  count += 1
  const body = JSON.stringify({ specversion: '1.0', id: `emit-${count}`, source: '/bench', type: 'bench', audience, data })
  const headers = {
    'content-type': 'application/cloudevents+json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${to.tokens[0]}`,
  }
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, host: '127.0.0.1', port: to.port, path: to.emitPath, method: 'POST', headers }, (response) => {
      response.resume()
      response.on('end', () => (response.statusCode === 202 ? resolve() : reject(new Error(`the gateway answered ${response.statusCode}`))))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

answerCalls(calls)
