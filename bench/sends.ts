import { gatewayNodeFlags } from '../program/node-flags.ts'
import { type Bench, type BenchSettings, figure, type Row } from './lib/bench.ts'
import { type Child, startChild } from './lib/child.ts'
import { medianOf, type Percentiles } from './lib/percentiles.ts'
import type { SendClientCalls } from './lib/send-client.ts'
import { withKafka } from './lib/with-kafka.ts'
import type { SendGatewayCalls } from './subjects/send-gateway.ts'

/** Sockets, and HTTP connections, with one event under way on each. */
const users = 64

export const bench: Bench = {
  title: `Sends: events of ${users} clients over their sockets, against emits over as many HTTP connections`,
  run: async (settings) => {
    const inMemory = await measureLog('in-process log', {}, settings)
    const inKafka = await withKafka('Sends, Kafka', settings, ({ brokers }) =>
      measureLog('Kafka', { KAFKA_BROKERS: brokers.join(','), KAFKA_TOPIC_PARTITIONS: '8' }, settings),
    )
    return [...inMemory, ...inKafka]
  },
}

interface Round {
  readonly perCpuSecond: number
  readonly took: Percentiles
}

type Way = 'none' | 'self' | 'emit' | 'emitToUser'

async function measureLog(log: string, env: Readonly<Record<string, string>>, { isQuick, say }: BenchSettings): Promise<readonly Row[]> {
  const [events, rounds] = isQuick ? [2_000, 3] : [20_000, 9]
  const gateway = startChild<SendGatewayCalls>(new URL('./subjects/send-gateway.ts', import.meta.url), {
    cpu: 0,
    env,
    execArgv: gatewayNodeFlags,
  })
  const client = startChild<SendClientCalls>(new URL('./lib/send-client.ts', import.meta.url), { cpu: 1 })
  try {
    await client.call('connect', await gateway.call('start', { users }))
    const ways: Readonly<Record<Way, () => Promise<Percentiles>>> = {
      none: () => client.call('send', { type: 'bench.none', events }),
      self: () => client.call('send', { type: 'bench.self', events }),
      emit: () => client.call('emit', { audience: '{"users":["nobody"]}', events }),
      emitToUser: () => client.call('emit', { audience: '{"users":["user-0"]}', events }),
    }
    const measured: Record<Way, Round[]> = { none: [], self: [], emit: [], emitToUser: [] }
    const add = async (way: Way, isWarm: boolean): Promise<void> => {
      const result = await measure(gateway, ways[way], events)
      if (isWarm) measured[way].push(result)
    }
    // The first round warms up. The order turns around in every other one, so that a drift of the machine favours none.
    for (let round = 0; round <= rounds; round += 1) {
      const names = Object.keys(ways) as Way[] // the keys of the object above
      for (const way of round % 2 === 0 ? names : names.toReversed()) await add(way, round > 0)
      say(`${log}: round ${round} of ${rounds}`)
    }
    return [
      row(`Send, delivered to no client, ${log} (other: emit to a user who is away)`, measured.none, measured.emit),
      row(`Send, delivered to its sender, ${log} (other: emit to a user who is connected)`, measured.self, measured.emitToUser),
    ]
  } finally {
    await Promise.all([gateway.stop(), client.stop()])
  }
}

async function measure(gateway: Child<SendGatewayCalls>, run: () => Promise<Percentiles>, events: number): Promise<Round> {
  const before = await gateway.call('cpuMicros', null)
  const took = await run()
  return { perCpuSecond: (events / ((await gateway.call('cpuMicros', null)) - before)) * 1e6, took }
}

const row = (name: string, ours: readonly Round[], other: readonly Round[]): Row => ({
  measure: `${name}: events per CPU second; p50, p99 until the acknowledgement`,
  ours: describe(ours),
  other: describe(other),
  ratio: figure(medianOf(ours.map(({ perCpuSecond }, round) => perCpuSecond / (other[round]?.perCpuSecond ?? perCpuSecond)))),
  target: '',
  verdict: '',
})

const describe = (rounds: readonly Round[]): string =>
  `${figure(medianOf(rounds.map(({ perCpuSecond }) => perCpuSecond)))} /s; ${figure(medianOf(rounds.map(({ took }) => took.p50)))}, ${figure(medianOf(rounds.map(({ took }) => took.p99)))} ms`
