/** Emits events over HTTP, receives them over a WebSocket, and reports how long both took. Started by `startChild`. */
import { Agent, request } from 'node:http'
import { answerCalls } from './calls.ts'
import { nowMs, until } from './clock.ts'
import type { EmitTarget } from '../subjects/emit-gateway.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { RawConnection } from './raw-connection.ts'

/** Calls that this process answers. */
export interface EmitClientCalls extends Record<string, (parameter: never) => unknown> {
  /** Opens one connection to emit, and one to receive. */
  connect(target: EmitTarget): Promise<void>
  /** Emits the next event when the last one has arrived. */
  oneByOne(parameter: { readonly events: number }): Promise<Latencies>
  /** Emits events at their times, even when earlier ones have not arrived. */
  atRate(parameter: { readonly events: number; readonly perSecond: number }): Promise<Latencies>
}

/** Milliseconds from the moment when an event was due to leave. */
export interface Latencies {
  /** Until the client has it. */
  readonly delivered: Percentiles
  /** Until it is acknowledged: 202. */
  readonly accepted: Percentiles
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const arrivalTimeoutMs = 30_000

/** Resolves the wait for an event, by the event's number. */
const waiting = new Map<number, () => void>()
let target: EmitTarget | null = null
let sent = 0

const marker = Buffer.from('"number":')

const calls: EmitClientCalls = {
  connect: async (to) => {
    target = to
    const tally = { frames: 0, bytes: 0, onText: arrived }
    const socket = { host: '127.0.0.1', port: to.port, path: to.socketPath, headers: { authorization: `Bearer ${to.token}` } }
    await RawConnection.open(socket, { localAddress: '127.0.0.1', tally })
  },
  oneByOne: async ({ events }) => {
    const trips: Trip[] = []
    for (let event = 0; event < events; event += 1) trips.push(await travel(nowMs()))
    return latenciesOf(trips)
  },
  atRate: async ({ events, perSecond }) => {
    const startMs = nowMs()
    const trips: Promise<Trip>[] = []
    for (let event = 0; event < events; event += 1) {
      const leavesAtMs = startMs + (event * 1000) / perSecond
      await until(leavesAtMs)
      trips.push(travel(leavesAtMs))
    }
    return latenciesOf(await Promise.all(trips))
  },
}

interface Trip {
  readonly deliveredMs: number
  readonly acceptedMs: number
}

const latenciesOf = (trips: readonly Trip[]): Latencies => ({
  delivered: percentilesOf(trips.map(({ deliveredMs }) => deliveredMs)),
  accepted: percentilesOf(trips.map(({ acceptedMs }) => acceptedMs)),
})

async function travel(sinceMs: number): Promise<Trip> {
  sent += 1
  const since = (): number => nowMs() - sinceMs
  const [deliveredMs, acceptedMs] = await Promise.all([arrival(sent).then(since), emit(sent).then(since)])
  return { deliveredMs, acceptedMs }
}

function arrival(number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`event ${number} did not arrive within ${arrivalTimeoutMs} ms`)), arrivalTimeoutMs)
    waiting.set(number, () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function arrived(bytes: Buffer, start: number, end: number): void {
  const at = bytes.indexOf(marker, start)
  if (at < 0 || at >= end) return
  const number = Number.parseInt(bytes.toString('latin1', at + marker.length, Math.min(end, at + 40)), 10)
  waiting.get(number)?.()
  waiting.delete(number)
}

/** Resolves when the event is accepted. @throws Error when it is not */
function emit(number: number): Promise<void> {
  const to = target
  if (to === null) throw new Error('the client is not connected')
  const body = JSON.stringify({
    id: `bench-${number}`,
    type: 'com.example.bench',
    users: ['ann'],
    payload: { number, fill: 'x'.repeat(400) },
  })
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization: `Bearer ${to.token}` }
    const outgoing = request({ agent, host: '127.0.0.1', port: to.port, path: to.emitPath, method: 'POST', headers }, (response) => {
      response.resume()
      response.on('end', () => (response.statusCode === 202 ? resolve() : reject(new Error(`the gateway answered ${response.statusCode}`))))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

answerCalls(calls)
