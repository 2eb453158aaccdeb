import type { Bench } from './lib/bench.ts'
import { figureRow } from './lib/bench.ts'
import { withRig } from './lib/rig.ts'

export const bench: Bench = {
  title: 'Idle connections: memory of the server (RSS) per connection, and processor time to connect',
  run: ({ isQuick, say }) =>
    withRig(async (rig) => {
      const connections = isQuick ? 2_000 : 10_000
      const subject = await rig.subject('gateway')
      const { target } = subject
      // The first connections pay for code and pools, which later ones share.
      await rig.load.call('connect', { group: 'first', target, connections: 300 })
      await rig.load.call('disconnect', { group: 'first' })
      const before = await subject.calls.call('usage', { collectGarbage: true })
      await rig.load.call('connect', { group: 'all', target, connections })
      const connected = await subject.calls.call('usage', { collectGarbage: false })
      const settled = await subject.calls.call('usage', { collectGarbage: true })
      const kilobytes = (rssBytes: number): number => (rssBytes - before.rssBytes) / connections / 1024
      say(`${kilobytes(connected.rssBytes).toFixed(2)} KB at once, ${kilobytes(settled.rssBytes).toFixed(2)} KB after a collection`)
      const count = connections.toLocaleString('en-US')
      return [
        figureRow({
          measure: `Memory per idle connection at ${count}`,
          unit: 'KB',
          ours: kilobytes(settled.rssBytes),
          max: 10.9,
          other: `${kilobytes(connected.rssBytes).toFixed(1)} KB before a collection`,
        }),
        figureRow({
          measure: 'CPU per connect, authentication included',
          unit: 'us',
          ours: (connected.cpuMicros - before.cpuMicros) / connections,
        }),
      ]
    }),
}
