import type { Bench } from './lib/bench.ts'
import { comparisonRow } from './lib/bench.ts'
import { medianOf } from './lib/percentiles.ts'
import { costOf, withRig } from './lib/rig.ts'

const eventsPerBurst = 8

export const bench: Bench = {
  title: 'Bursts: processor time per delivery when 8 events come in one turn, against single events',
  run: ({ isQuick, say }) =>
    withRig(async (rig) => {
      const connections = isQuick ? 1_000 : 5_000
      const rounds = isQuick ? 3 : 8
      const subject = await rig.subject('gateway')
      await rig.load.call('connect', { group: 'all', target: subject.target, connections })
      const shape = { subject, group: 'all', connections, bytes: 512 }
      const single = { ...shape, events: 1, broadcasts: isQuick ? 8 : 24 }
      const burst = { ...shape, events: eventsPerBurst, broadcasts: isQuick ? 4 : 12 }
      await costOf(rig, single)
      await costOf(rig, burst)
      const pairs: { readonly single: number; readonly burst: number }[] = []
      for (let round = 1; round <= rounds; round += 1) {
        const pair = { single: (await costOf(rig, single)).cpuMicrosPerDelivery, burst: (await costOf(rig, burst)).cpuMicrosPerDelivery }
        pairs.push(pair)
        say(`round ${round} of ${rounds}: ${pair.burst.toFixed(2)} us in bursts, ${pair.single.toFixed(2)} us alone`)
      }
      return [
        comparisonRow({
          measure: `Bursts of ${eventsPerBurst} to ${connections.toLocaleString('en-US')} sockets, CPU per delivery (other: single events)`,
          unit: 'us',
          ours: medianOf(pairs.map((pair) => pair.burst)),
          other: medianOf(pairs.map((pair) => pair.single)),
          ratio: medianOf(pairs.map((pair) => pair.burst / pair.single)),
          maxRatio: 0.25,
        }),
      ]
    }),
}
