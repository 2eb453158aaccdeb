import { setTimeout as sleep } from 'node:timers/promises'
import { decodeCursor, encodeCursor } from '../gateway/replay/cursor.ts'
import { listenByStream } from '../gateway/testing/listener.ts'
import { type ProbedGateway, startProbedGateway } from '../gateway/testing/probed-gateway.ts'
import { attacks, type Attack } from './hostile/attacks.ts'
import type { AttackCalls } from './hostile/attackers.ts'
import { type GoodClients, startGoodClients } from './hostile/good-clients.ts'
import { type Bench, type BenchSettings, figure, type Row } from './lib/bench.ts'
import { startChild } from './lib/child.ts'
import type { Percentiles } from './lib/percentiles.ts'

/** Heap that V8 takes in a pod of the default memory limit, in MB. */
const podHeapMb = 224

export const bench: Bench = {
  title: `Hostile clients: a gateway with a pod's memory, 50 good clients, and one attack after the other. HOSTILE=TEXT chooses the attacks whose name has the text`,
  run: async (settings) => {
    const wanted = process.env['HOSTILE'] ?? ''
    const rows: Row[] = []
    for (const attack of attacks.filter(({ name }) => name.includes(wanted))) rows.push(await measure(attack, settings))
    return rows
  },
}

async function measure(attack: Attack, { isQuick, say }: BenchSettings): Promise<Row> {
  const periodMs = isQuick ? 750 : 1_500
  const gateway = await startProbedGateway({ env: { LOG_LEVEL: 'info', ...attack.env }, execArgv: [`--max-old-space-size=${podHeapMb}`] })
  const attackers = startChild<AttackCalls>(new URL('./hostile/attackers.ts', import.meta.url), { cpu: 1 })
  const memory = watchMemory(gateway)
  let good: GoodClients | null = null
  try {
    const tokenOf = (userId: string): Promise<string> => issueToken(gateway, userId)
    good = await startGoodClients({ port: gateway.ports.public, tokenOf })
    const token = await tokenOf('mal')
    await good.receive(500)
    const before = await good.receive(periodMs)
    const target = { port: gateway.ports.public, token, forgedCursor: await forgeCursor(gateway, token) }
    // Not awaited: the first connections already count.
    void attackers.call('begin', { attack: attack.name, target }).catch((error: unknown) => say(`${attack.name}: ${String(error)}`))
    const burst = await good.receive(periodMs)
    const during = await good.receive(periodMs)
    const held = await attackers.call('end', null)
    const after = await good.receive(periodMs)
    const figures = await good.figures()
    const peak = memory.peakBytes()
    say(`${attack.name}: ${held} attackers held, ${gateway.ended()?.split(':')[0] ?? 'the gateway is up'}; ${JSON.stringify(figures)}`)
    return rowOf(attack, { isUp: gateway.ended() === null, peakBytes: peak, before, burst, during, after, ...figures })
  } finally {
    good?.close()
    memory.stop()
    await Promise.all([attackers.stop(), gateway.kill()])
  }
}

interface Result {
  readonly isUp: boolean
  readonly peakBytes: number
  readonly before: Percentiles
  /** Latencies while the attack begins: the gateway works off its first requests. */
  readonly burst: Percentiles
  /** Latencies while the attack is held. */
  readonly during: Percentiles
  readonly after: Percentiles
  readonly lost: number
  readonly closed: number
  readonly refusedEmits: number
  readonly refusedNewcomers: number
  readonly newcomers: number
}

function rowOf(
  { name }: Attack,
  { isUp, peakBytes, before, burst, during, after, lost, closed, refusedEmits, refusedNewcomers, newcomers }: Result,
): Row {
  const times = ({ p50, p99 }: Percentiles): string => `${figure(p50)}, ${figure(p99)}`
  const ratio = before.count === 0 || during.count === 0 ? Infinity : during.p99 / before.p99
  const isWell = isUp && lost === 0 && closed === 0 && refusedEmits === 0 && refusedNewcomers === 0
  return {
    measure: name,
    ours: `${isUp ? 'up' : 'DEAD'}, RSS ${Math.round(peakBytes / 2 ** 20)} MiB, lost ${lost}, closed ${closed}, refused emits ${refusedEmits}, newcomers ${refusedNewcomers} of ${newcomers}`,
    other: `p50, p99 ms: before ${times(before)}; burst ${times(burst)}; held ${times(during)}; after ${times(after)}`,
    ratio: figure(ratio),
    target: 'up, 0, p99 <= 2',
    verdict: isWell && ratio <= 2 ? 'met' : 'missed',
  }
}

/** Largest RSS of the gateway, read four times a second. A busy gateway answers later, with its peak. */
function watchMemory(gateway: ProbedGateway): { readonly peakBytes: () => number; readonly stop: () => void } {
  let peak = 0
  const timer = setInterval(() => {
    // An error means that the process has ended.
    gateway.ask('cost').then(
      ({ peakRssBytes }) => (peak = Math.max(peak, peakRssBytes)),
      () => {},
    )
  }, 250)
  return { peakBytes: () => peak, stop: () => clearInterval(timer) }
}

async function issueToken(gateway: ProbedGateway, userId: string): Promise<string> {
  const claims = { user_id: userId, username: userId, org_id: 'o1', exp: Math.floor(Date.now() / 1000) + 3_600 }
  const answer = await fetch(`http://127.0.0.1:${gateway.ports.public}/dev/token`, { method: 'POST', body: JSON.stringify(claims) })
  return ((await answer.json()) as { readonly token: string }).token // docs/emit-api.md
}

/** Returns a cursor of the channel with 9,000 partitions more than the topic has. */
async function forgeCursor(gateway: ProbedGateway, token: string): Promise<string> {
  const listener = await listenByStream(
    { userId: 'mal', username: 'mal', organizationId: 'o1', roles: [] },
    { port: gateway.ports.public, socketPath: '', streamPath: '/api/chrome-service/v1/events', token },
  )
  while (listener.cursor() === '') await sleep(10)
  const cursor = decodeCursor(listener.cursor())
  listener.close()
  if (!cursor.ok) throw new Error(cursor.error)
  return encodeCursor({ ...cursor.value, offsets: [...cursor.value.offsets.map(() => 0), ...Array.from({ length: 9_000 }, () => 1)] })
}
