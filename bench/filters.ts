import type { Bench } from './lib/bench.ts'
import { comparisonRow } from './lib/bench.ts'
import { medianOf } from './lib/percentiles.ts'
import { costOf, withRig } from './lib/rig.ts'

/** Filters that hold for the events of the benchmark: half in the dialects of the Subscriptions API, half in CloudEvents SQL. */
const distinctFilters = 50
const filters = Array.from({ length: distinctFilters }, (_, index) =>
  index % 2 === 0
    ? [{ prefix: { type: 'com.example.' } }, { not: { exact: { subject: `subject-${index}` } } }]
    : [{ sql: `type LIKE 'com.%.bench' AND NOT EXISTS extension${index}` }],
)
const queries = filters.map((each) => `filters=${encodeURIComponent(JSON.stringify(each))}`)

/** 10,000 connections are opened on a machine that may be busy. */
const env = { HANDSHAKE_TIMEOUT_MS: '60000', HEARTBEAT_INTERVAL_MS: '300000', HEARTBEAT_TIMEOUT_MS: '120000' }

export const bench: Bench = {
  title: `Filters: processor time per delivery to sessions with ${distinctFilters} distinct filters, against the same gateway without filters`,
  run: ({ isQuick, say }) =>
    withRig(async (rig) => {
      const connections = isQuick ? 1_000 : 10_000
      const rounds = isQuick ? 3 : 16
      const shape = { connections, broadcasts: isQuick ? 5 : 10, events: 1, bytes: 512 }
      const plain = { subject: await rig.subject('gateway', env), group: 'plain', load: rig.load }
      const filtered = { subject: await rig.subject('gateway', env), group: 'filtered', load: rig.moreLoad() }
      await plain.load.call('connect', { group: plain.group, target: plain.subject.target, connections })
      await filtered.load.call('connect', { group: filtered.group, target: filtered.subject.target, connections, queries })
      const cost = async (side: typeof plain): Promise<number> => (await costOf(rig, { ...shape, ...side })).cpuMicrosPerDelivery
      // The first round of each warms up.
      await cost(plain)
      await cost(filtered)
      const pairs: { readonly filtered: number; readonly plain: number }[] = []
      for (let round = 1; round <= rounds; round += 1) {
        // Each is first in every other round, so that a drift of the machine favours none.
        const first = round % 2 === 0 ? await cost(plain) : null
        const second = await cost(filtered)
        const pair = { filtered: second, plain: first ?? (await cost(plain)) }
        pairs.push(pair)
        say(`round ${round} of ${rounds}: ${pair.filtered.toFixed(2)} us, without filters ${pair.plain.toFixed(2)} us`)
      }
      return [
        comparisonRow({
          measure: `Delivery to ${connections.toLocaleString('en-US')} sockets with ${distinctFilters} distinct filters, CPU per event (other: without filters)`,
          unit: 'us',
          ours: medianOf(pairs.map((pair) => pair.filtered)),
          other: medianOf(pairs.map((pair) => pair.plain)),
          ratio: medianOf(pairs.map((pair) => pair.filtered / pair.plain)),
          maxRatio: 1.05,
        }),
      ]
    }),
}
