import { freemem } from 'node:os'
import type { TokenKeys } from '../gateway/testing/token-keys.ts'
import { readMaxOpenFiles } from '../program/process.ts'
import { type Bench, type BenchSettings, figure, figureRow, type Row } from './lib/bench.ts'
import { type Rig, type Subject, withRig } from './lib/rig.ts'
import type { Usage } from './lib/subject-calls.ts'
import { withTokenKeys } from './lib/with-token-keys.ts'

/** Connections of a gateway: as many as a pod has by default. Each is an open file of the gateway, and one of its load generator. */
const perGateway = 15_000
const otherOpenFiles = 500
/** Upper bounds of the memory of a connection at both ends, with the kernel's, and of a gateway with its load generator. */
const bytesPerConnection = 60_000
const bytesPerPair = 300e6

export const bench: Bench = {
  title: 'Idle connections of several gateways, each with a user and a token of its own: memory of all gateways (RSS)',
  run: (settings) =>
    withTokenKeys(async (keys) => {
      const rows: Row[] = []
      for (const connections of settings.isQuick ? [3_000] : [50_000, 200_000])
        rows.push(...(await measure(settings, { keys, connections, perGateway: settings.isQuick ? 1_000 : perGateway })))
      return rows
    }),
}

interface Scale {
  readonly keys: TokenKeys
  readonly connections: number
  readonly perGateway: number
}

async function measure({ say }: BenchSettings, { keys, connections, perGateway: wanted }: Scale): Promise<readonly Row[]> {
  const most = Math.min(wanted, (readMaxOpenFiles() ?? Infinity) - otherOpenFiles)
  const gateways = Math.ceil(connections / most)
  const name = `${connections.toLocaleString('en-US')} idle connections on ${gateways} gateways`
  const needed = connections * bytesPerConnection + gateways * bytesPerPair
  if (most < 1 || freemem() < needed) {
    const reason = most < 1 ? 'too few open files (ulimit -n)' : `${figure(needed / 1e9)} GB of free memory are needed`
    return [{ measure: name, ours: `not measured: ${reason}`, other: '', ratio: '', target: '', verdict: '' }]
  }
  return withRig(async (rig) => {
    const totals: { readonly before: Usage; readonly settled: Usage; readonly connections: number }[] = []
    for (let gateway = 0; gateway < gateways; gateway += 1) {
      const subject = await rig.subject('gateway', keys.env)
      const share = Math.floor((connections * (gateway + 1)) / gateways) - Math.floor((connections * gateway) / gateways)
      const authorizations = Array.from({ length: share }, (_, index) => authorizationOf(keys, `user-${gateway}-${index}`))
      totals.push({ ...(await fill(subject, gateway === 0 ? rig.load : rig.moreLoad(), authorizations)), connections: share })
      say(`gateway ${gateway + 1} of ${gateways}: ${share} connections`)
    }
    const sum = (of: (one: (typeof totals)[number]) => number): number => totals.reduce((total, one) => total + of(one), 0)
    const grown = sum(({ before, settled }) => settled.rssBytes - before.rssBytes)
    const all = sum(({ settled }) => settled.rssBytes)
    return [
      figureRow({ measure: `${name}: memory of a connection`, unit: 'KB', ours: grown / connections / 1024, max: 5 }),
      figureRow({
        measure: `${name}: memory of a million, with that of the processes`,
        unit: 'GB',
        ours: (all / connections) * 1e6 * 1e-9,
        other: `${figure(all / 1e6)} MB in all`,
      }),
    ]
  })
}

/** Connects the clients of a gateway. The first connections pay for code and pools, which later ones share. */
async function fill(
  { calls, target }: Subject,
  load: Rig['load'],
  authorizations: readonly string[],
): Promise<{ readonly before: Usage; readonly settled: Usage }> {
  const shared = { target, queries: ['cursor=latest'] }
  await load.call('connect', { ...shared, group: 'first', connections: 300, authorizations: authorizations.slice(0, 1) })
  await load.call('disconnect', { group: 'first' })
  const before = await calls.call('usage', { collectGarbage: true })
  await load.call('connect', { ...shared, group: 'all', connections: authorizations.length, authorizations })
  return { before, settled: await calls.call('usage', { collectGarbage: true }) }
}

function authorizationOf(keys: TokenKeys, userId: string): string {
  const exp = Math.floor(Date.now() / 1000) + 86_400
  return `Bearer ${keys.sign({ user_id: userId, username: userId, org_id: 'acme', exp })}`
}
