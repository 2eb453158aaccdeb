import type { TokenKeys } from '../gateway/testing/token-keys.ts'
import type { Bench, BenchSettings, Row } from './lib/bench.ts'
import { figureRow } from './lib/bench.ts'
import { withRig } from './lib/rig.ts'
import { withTokenKeys } from './lib/with-token-keys.ts'

export const bench: Bench = {
  title: 'Idle connections: memory of the server (RSS) per connection, and processor time to connect',
  run: (settings) =>
    withTokenKeys(async (keys) => {
      const connections = settings.isQuick ? 2_000 : 10_000
      const count = connections.toLocaleString('en-US')
      return [
        ...(await measure(settings, {
          keys,
          connections,
          users: 1,
          measure: `Memory per idle connection at ${count}, all of one user`,
          maxKilobytes: 5,
        })),
        ...(await measure(settings, {
          keys,
          connections,
          users: connections,
          measure: `Memory per idle connection at ${count}, each of another user`,
          maxKilobytes: 5,
        })),
      ]
    }),
}

interface Case {
  readonly keys: TokenKeys
  readonly connections: number
  /** Each has a token of its own. */
  readonly users: number
  readonly measure: string
  readonly maxKilobytes: number
}

/** All clients resume. The benchmark signs the tokens, so that their making leaves nothing in the server's memory. */
function measure({ say }: BenchSettings, { keys, connections, users, measure: name, maxKilobytes }: Case): Promise<readonly Row[]> {
  return withRig(async ({ subject: start, load }) => {
    const { calls, target } = await start('gateway', keys.env)
    const authorizations = Array.from({ length: users }, (_, index) => authorizationOf(keys, `user-${index}`))
    const shared = { target, authorizations, queries: ['cursor=latest'] }
    // The first connections pay for code and pools, which later ones share.
    await load.call('connect', { ...shared, group: 'first', connections: 300, authorizations: authorizations.slice(0, 1) })
    await load.call('disconnect', { group: 'first' })
    const before = await calls.call('usage', { collectGarbage: true })
    await load.call('connect', { ...shared, group: 'all', connections })
    const connected = await calls.call('usage', { collectGarbage: false })
    const settled = await calls.call('usage', { collectGarbage: true })
    const kilobytes = (rssBytes: number): number => (rssBytes - before.rssBytes) / connections / 1024
    say(`${kilobytes(connected.rssBytes).toFixed(2)} KB at once, ${kilobytes(settled.rssBytes).toFixed(2)} KB after a collection`)
    return [
      figureRow({
        measure: name,
        unit: 'KB',
        ours: kilobytes(settled.rssBytes),
        max: maxKilobytes,
        other: `${kilobytes(connected.rssBytes).toFixed(1)} KB before a collection`,
      }),
      figureRow({
        measure: users === 1 ? 'CPU per connect, with a remembered token' : 'CPU per connect, with a new token',
        unit: 'us',
        ours: (connected.cpuMicros - before.cpuMicros) / connections,
      }),
    ]
  })
}

function authorizationOf(keys: TokenKeys, userId: string): string {
  const exp = Math.floor(Date.now() / 1000) + 86_400
  return `Bearer ${keys.sign({ user_id: userId, username: userId, org_id: 'acme', exp })}`
}
