import type { TokenKeys } from '../gateway/testing/token-keys.ts'
import { gatewayNodeFlags } from '../program/node-flags.ts'
import { type Bench, type BenchSettings, figure, type Row } from './lib/bench.ts'
import { type Child, startChild } from './lib/child.ts'
import type { EmitLoadCalls, EmitWay } from './lib/emit-load.ts'
import { medianOf } from './lib/percentiles.ts'
import { withTokenKeys } from './lib/with-token-keys.ts'
import type { EmitPathCalls, EmitPathTarget, EmitServer } from './subjects/emit-path.ts'

const connections = 32

export const bench: Bench = {
  title: `The emit path: what a request costs the gateway, with no recipient and ${connections} kept connections, against servers that do less`,
  run: (settings) => withTokenKeys((keys) => measureAll(settings, keys)),
}

async function measureAll(settings: BenchSettings, { env, sign }: TokenKeys): Promise<readonly Row[]> {
  // One token for all servers: its size is part of a request's cost.
  const token = sign({ user_id: 'service', scope: 'carillon.emit', exp: Math.floor(Date.now() / 1000) + 86_400 })
  const load = startChild<EmitLoadCalls>(new URL('./lib/emit-load.ts', import.meta.url), { cpu: 1 })
  const servers: Child<EmitPathCalls>[] = []
  const start = async (kind: EmitServer): Promise<Server> => {
    const execArgv = kind === 'carillon' ? gatewayNodeFlags : []
    const calls = startChild<EmitPathCalls>(new URL('./subjects/emit-path.ts', import.meta.url), { cpu: 0, execArgv })
    servers.push(calls)
    const target = { ...(await calls.call('start', { kind, issuer: env })), token }
    await load.call('open', { target, connections })
    return { calls, target }
  }
  try {
    return await measure({ http: await start('http'), fastify: await start('fastify'), carillon: await start('carillon') }, load, settings)
  } finally {
    await Promise.all([load, ...servers].map((child) => child.stop()))
  }
}

interface Server {
  readonly calls: Child<EmitPathCalls>
  readonly target: EmitPathTarget
}

type Variant = readonly [kind: EmitServer, way: EmitWay]

const variants = [
  ['http', 'events'],
  ['fastify', 'events'],
  ['carillon', 'emit-message'],
  ['carillon', 'events'],
] as const satisfies readonly Variant[]

/** The first rounds compile the code. The order turns around in every other round, so that a drift of the machine favours no variant. */
async function measure(
  servers: Readonly<Record<EmitServer, Server>>,
  load: Child<EmitLoadCalls>,
  { isQuick, say }: BenchSettings,
): Promise<readonly Row[]> {
  const [requests, rounds, warmRounds] = isQuick ? [4_000, 3, 2] : [10_000, 9, 4]
  const measured = new Map<Variant, number[]>(variants.map((variant) => [variant, []]))
  for (let round = 1 - warmRounds; round <= rounds; round += 1) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const micros = await costOf(servers[variant[0]], load, { way: variant[1], requests })
      if (round > 0) measured.get(variant)?.push(micros)
    }
    say(`round ${round} of ${rounds}`)
  }
  const [bare = [], ...others] = variants.map((variant) => measured.get(variant) ?? [])
  return [bare, ...others].map((costs, index) => rowOf(variants[index] ?? variants[0], costs, bare))
}

async function costOf(
  { calls, target }: Server,
  load: Child<EmitLoadCalls>,
  { way, requests }: { readonly way: EmitWay; readonly requests: number },
): Promise<number> {
  const before = await calls.call('cpuMicros', null)
  await load.call('emit', { port: target.port, way, requests })
  return ((await calls.call('cpuMicros', null)) - before) / requests
}

const rowOf = ([kind, way]: Variant, costs: readonly number[], bare: readonly number[]): Row => ({
  measure: `${names[kind]}, POST ${way}: requests per CPU second (other: us per request, least to most)`,
  ours: `${figure(1e6 / medianOf(costs))} /s`,
  other: `${figure(medianOf(costs))} us, ${figure(Math.min(...costs))} to ${figure(Math.max(...costs))}`,
  ratio: figure(medianOf(costs.map((cost, round) => (bare[round] ?? cost) / cost))),
  target: kind === 'carillon' ? '>= 10,000 /s' : '',
  verdict: kind !== 'carillon' ? '' : 1e6 / medianOf(costs) >= 10_000 ? 'met' : 'missed',
})

const names: Readonly<Record<EmitServer, string>> = { http: 'node:http', fastify: 'fastify', carillon: 'Carillon' }
