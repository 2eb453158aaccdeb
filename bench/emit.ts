import { gatewayNodeFlags } from '../program/node-flags.ts'
import { type Bench, type BenchSettings, figure, figureRow, type Row } from './lib/bench.ts'
import { startChild } from './lib/child.ts'
import type { EmitClientCalls, Latencies } from './lib/emit-client.ts'
import type { EmitGatewayCalls } from './subjects/emit-gateway.ts'
import { withKafka } from './lib/with-kafka.ts'

const perSecond = 200

export const bench: Bench = {
  title: "Emit: from POST emit-message to the recipient's WebSocket, on this machine",
  run: async (settings) => {
    const inMemory = await measureLog('in-process log', {}, settings)
    const inKafka = await withKafka('Emit to socket, Kafka', settings, ({ brokers }) =>
      measureLog('Kafka', { KAFKA_BROKERS: brokers.join(',') }, settings),
    )
    return [...inMemory, ...inKafka]
  },
}

async function measureLog(log: string, env: Readonly<Record<string, string>>, { isQuick, say }: BenchSettings): Promise<readonly Row[]> {
  const events = isQuick ? 400 : 2_000
  const gateway = startChild<EmitGatewayCalls>(new URL('./subjects/emit-gateway.ts', import.meta.url), {
    cpu: 0,
    env,
    execArgv: gatewayNodeFlags,
  })
  const client = startChild<EmitClientCalls>(new URL('./lib/emit-client.ts', import.meta.url), { cpu: 1 })
  try {
    await client.call('connect', await gateway.call('start', null))
    await client.call('oneByOne', { events: 200 })
    const oneByOne = await client.call('oneByOne', { events })
    const atRate = await client.call('atRate', { events, perSecond })
    say(`${log}: ${describe(oneByOne)} one by one; ${describe(atRate)} at ${perSecond} /s`)
    return [row(`Emit to socket, ${log}, one by one`, oneByOne), row(`Emit to socket, ${log}, ${perSecond} /s`, atRate)]
  } finally {
    await Promise.all([gateway.stop(), client.stop()])
  }
}

const row = (measure: string, { delivered, accepted }: Latencies): Row => ({
  ...figureRow({ measure: `${measure}: p50, p99 (other: until 202)`, unit: 'ms', ours: delivered.p50 }),
  ours: `${figure(delivered.p50)}, ${figure(delivered.p99)} ms`,
  other: `${figure(accepted.p50)}, ${figure(accepted.p99)} ms`,
})

const describe = ({ delivered }: Latencies): string =>
  `p50 ${figure(delivered.p50)}, p99 ${figure(delivered.p99)}, longest ${figure(delivered.max)} ms`
