import { gatewayNodeFlags } from '../program/node-flags.ts'
import { type Bench, figure, figureRow } from './lib/bench.ts'
import { startChild } from './lib/child.ts'
import { medianOf } from './lib/percentiles.ts'
import type { StormCalls, StormCost } from './subjects/storm.ts'

export const bench: Bench = {
  title: 'Storm: all clients come back at once with a cursor, against a server that scans its log for each of them',
  run: async ({ isQuick, say }) => {
    const rounds = isQuick ? 2 : 5
    const storm = { sessions: isQuick ? 2_000 : 10_000, events: isQuick ? 20_000 : 50_000 }
    const subject = startChild<StormCalls>(new URL('./subjects/storm.ts', import.meta.url), {
      cpu: 0,
      execArgv: ['--expose-gc', ...gatewayNodeFlags],
    })
    try {
      // Compiles the code for the others.
      await subject.call('resume', { sessions: 1_000, events: 10_000 })
      await subject.call('scanForEach', { sessions: 100, events: 10_000 })
      const pairs: { readonly ours: StormCost; readonly naive: StormCost }[] = []
      for (let round = 1; round <= rounds; round += 1) {
        const pair = { ours: await subject.call('resume', storm), naive: await subject.call('scanForEach', storm) }
        if (pair.ours.bytes < pair.naive.bytes) throw new Error(`sessions that resumed got ${pair.ours.bytes} bytes of ${pair.naive.bytes}`)
        pairs.push(pair)
        say(
          `round ${round} of ${rounds}: ${figure(pair.ours.cpuMs)} ms, longest turn ${figure(pair.ours.longestTurnMs)} ms; scanning ${figure(pair.naive.cpuMs)} ms`,
        )
      }
      const what = `${figure(storm.sessions)} sessions resume over ${figure(storm.events)} events`
      return [
        {
          ...figureRow({
            measure: `${what}, CPU (other: a scan of the log for each)`,
            unit: 'ms',
            ours: medianOf(pairs.map(({ ours }) => ours.cpuMs)),
            other: `${figure(medianOf(pairs.map(({ naive }) => naive.cpuMs)))} ms`,
          }),
          ratio: figure(medianOf(pairs.map(({ ours, naive }) => ours.cpuMs / naive.cpuMs))),
        },
        figureRow({
          measure: `${what}, longest turn of the event loop (processor time)`,
          unit: 'ms',
          ours: Math.max(...pairs.map(({ ours }) => ours.longestTurnMs)),
          max: 20,
        }),
      ]
    } finally {
      await subject.stop()
    }
  },
}
