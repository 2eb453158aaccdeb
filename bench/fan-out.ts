import type { Bench } from './lib/bench.ts'
import { comparisonRow } from './lib/bench.ts'
import { medianOf } from './lib/percentiles.ts'
import { costOf, type RoundCost, withRig } from './lib/rig.ts'

export const bench: Bench = {
  title: 'Fan-out: processor time per delivery of one 0.5 KB event, against a bare node:net server that writes the same bytes',
  run: ({ isQuick, say }) =>
    withRig(async (rig) => {
      const connections = isQuick ? 1_000 : 5_000
      const rounds = isQuick ? 3 : 12
      const broadcasts = isQuick ? 5 : 20
      const ours = await rig.subject('gateway')
      const bare = await rig.subject('bare')
      for (const { name, target } of [ours, bare]) await rig.load.call('connect', { group: name, target, connections })
      const shape = { connections, broadcasts, events: 1 }
      // The first round of each warms up; ours also reports how long a frame of this event is, cursor included.
      const { bytesPerDelivery } = await costOf(rig, { ...shape, subject: ours, group: ours.name, bytes: 512 })
      const bareRound = { ...shape, subject: bare, group: bare.name, bytes: Math.round(bytesPerDelivery) }
      await costOf(rig, bareRound)
      const pairs: { readonly ours: RoundCost; readonly bare: RoundCost }[] = []
      for (let round = 1; round <= rounds; round += 1) {
        const pair = {
          ours: await costOf(rig, { ...shape, subject: ours, group: ours.name, bytes: 512 }),
          bare: await costOf(rig, bareRound),
        }
        pairs.push(pair)
        say(
          `round ${round} of ${rounds}: ${pair.ours.cpuMicrosPerDelivery.toFixed(2)} us, bare ${pair.bare.cpuMicrosPerDelivery.toFixed(2)} us`,
        )
      }
      return [
        comparisonRow({
          measure: `Fan-out to ${connections.toLocaleString('en-US')} sockets, CPU per delivery (other: bare node:net)`,
          unit: 'us',
          ours: medianOf(pairs.map((pair) => pair.ours.cpuMicrosPerDelivery)),
          other: medianOf(pairs.map((pair) => pair.bare.cpuMicrosPerDelivery)),
          ratio: medianOf(pairs.map((pair) => pair.ours.cpuMicrosPerDelivery / pair.bare.cpuMicrosPerDelivery)),
          maxRatio: 1.25,
        }),
      ]
    }),
}
