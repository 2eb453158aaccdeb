import { setTimeout as sleep } from 'node:timers/promises'
import { listenBySocket, listenByStream, type Listener } from '../../gateway/testing/listener.ts'
import { nowMs, until } from '../lib/clock.ts'
import { type Percentiles, percentilesOf } from '../lib/percentiles.ts'

/** Well-behaved clients, and an emitter that sends them an event 20 times a second. */
export interface GoodClients {
  /** Sends events for that time. @returns how long they took to arrive, from the moment at which each was due */
  receive(periodMs: number): Promise<Percentiles>
  /** Waits a while for late events. @returns the number of missing deliveries, and of events that were not accepted */
  figures(): Promise<GoodClientFigures>
  close(): void
}

export interface GoodClientFigures {
  /** Deliveries of accepted events that are missing. */
  readonly lost: number
  /** Sessions that were closed. */
  readonly closed: number
  /** Events of the emitter that got another answer than 202. */
  readonly refusedEmits: number
  /** Clients that tried to connect in that time, and those that were refused. */
  readonly refusedNewcomers: number
  readonly newcomers: number
}

export interface GoodTarget {
  readonly port: number
  readonly tokenOf: (userId: string) => Promise<string>
}

const half = 25
const perSecond = 20
const api = '/api/chrome-service/v1'
const newcomerEveryMs = 500
const patienceMs = 3_000

export async function startGoodClients({ port, tokenOf }: GoodTarget): Promise<GoodClients> {
  const leftAtMs = new Map<string, number>()
  const arrivals = new Map<string, number>()
  let latenciesMs: number[] = []
  const onEvent = (id: string): void => {
    arrivals.set(id, (arrivals.get(id) ?? 0) + 1)
    latenciesMs.push(nowMs() - (leftAtMs.get(id) ?? nowMs()))
  }
  const [token, otherToken] = await Promise.all([tokenOf('good'), tokenOf('newcomer')])
  const join = (index: number): Promise<Listener> => {
    const reader = { userId: 'good', username: 'good', organizationId: 'o1', roles: [] }
    const target = { port, socketPath: '/wss/chrome-service/v1/ws', streamPath: `${api}/events`, token, onEvent }
    return index < half ? listenBySocket(reader, target) : listenByStream(reader, target)
  }
  const listeners = await Promise.all(Array.from({ length: 2 * half }, (_, index) => join(index)))
  const accepted: string[] = []
  const counts = { refusedEmits: 0, newcomers: 0, refusedNewcomers: 0 }
  let sent = 0

  const emit = async (atMs: number): Promise<void> => {
    sent += 1
    const id = `good-${sent}`
    leftAtMs.set(id, atMs)
    const isAccepted = await post(port, token, { id, type: 'good', users: ['good'], payload: { sent, fill: 'x'.repeat(400) } })
    if (isAccepted) accepted.push(id)
    else counts.refusedEmits += 1
  }
  const knock = async (): Promise<void> => {
    counts.newcomers += 1
    const isIn = await comesIn(port, otherToken)
    if (!isIn) counts.refusedNewcomers += 1
  }
  return {
    receive: async (periodMs) => {
      latenciesMs = []
      const startMs = nowMs()
      const emits: Promise<void>[] = []
      const knocking = setInterval(() => emits.push(knock()), newcomerEveryMs)
      for (let atMs = startMs; atMs < startMs + periodMs; atMs += 1000 / perSecond) {
        await until(atMs)
        emits.push(emit(atMs))
      }
      clearInterval(knocking)
      await Promise.race([Promise.all(emits), sleep(patienceMs)])
      return percentilesOf(latenciesMs)
    },
    figures: async () => {
      const open = (): number => listeners.filter((listener) => listener.closed() === null).length
      const missing = (): number =>
        accepted.reduce((sum, id) => sum + listeners.length - Math.min(listeners.length, arrivals.get(id) ?? 0), 0)
      for (let waitedMs = 0; waitedMs < patienceMs && missing() > 0; waitedMs += 100) await sleep(100)
      return { ...counts, lost: missing(), closed: listeners.length - open() }
    },
    close: () => listeners.forEach((listener) => listener.close()),
  }
}

async function post(port: number, token: string, message: object): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${api}/emit-message`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(patienceMs),
    })
    await answer.text()
    return answer.status === 202
  } catch {
    // Refused, reset or too late: the gateway did not take it.
    return false
  }
}

/** Returns true when a new connection gets its stream. */
async function comesIn(port: number, token: string): Promise<boolean> {
  const left = new AbortController()
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}${api}/events`, {
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
      signal: AbortSignal.any([left.signal, AbortSignal.timeout(patienceMs)]),
    })
    return status === 200
  } catch {
    // Refused, reset or too late.
    return false
  } finally {
    left.abort()
  }
}
