import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from './lib/bench.ts'
import { figureRow } from './lib/bench.ts'
import { percentilesOf } from './lib/percentiles.ts'
import type { LongestTurn } from './lib/subject-calls.ts'
import { withRig } from './lib/rig.ts'

export const bench: Bench = {
  title: 'Event loop: its longest turn while all sessions get a broadcast',
  run: ({ isQuick, say }) =>
    withRig(async (rig) => {
      const connections = isQuick ? 2_000 : 10_000
      const broadcasts = isQuick ? 5 : 20
      const subject = await rig.subject('gateway')
      await rig.load.call('connect', { group: 'all', target: subject.target, connections })
      const turns: LongestTurn[] = []
      for (let broadcast = 0; broadcast <= broadcasts; broadcast += 1) {
        await sleep(50)
        await subject.calls.call('watchTurns', null)
        await subject.calls.call('broadcast', { events: 1, bytes: 512, to: 'everybody' })
        await rig.load.call('awaitFrames', { group: 'all', frames: (broadcast + 1) * connections, timeoutMs: 60_000 })
        const turn = await subject.calls.call('longestTurn', null)
        // The first one compiles the code for the others.
        if (broadcast > 0) turns.push(turn)
      }
      const cpu = percentilesOf(turns.map((turn) => turn.cpuMs))
      const wall = percentilesOf(turns.map((turn) => turn.wallMs))
      say(
        `processor time: median ${cpu.p50.toFixed(1)} ms, longest ${cpu.max.toFixed(1)} ms; by the clock: ${wall.p50.toFixed(1)} ms, ${wall.max.toFixed(1)} ms`,
      )
      return [
        figureRow({
          measure: `Longest turn of the event loop, ${broadcasts} broadcasts to ${connections.toLocaleString('en-US')} (processor time)`,
          unit: 'ms',
          ours: cpu.max,
          max: 20,
          other: `${wall.max.toFixed(1)} ms by the clock`,
        }),
      ]
    }),
}
