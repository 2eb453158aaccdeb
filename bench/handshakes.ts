import { type Bench, figure, figureRow } from './lib/bench.ts'
import { medianOf } from './lib/percentiles.ts'
import { type Rig, type Subject, withRig } from './lib/rig.ts'

export const bench: Bench = {
  title: 'Handshakes: processor time of a WebSocket handshake with a token that is remembered, against servers that only answer 101',
  run: ({ isQuick, say }) =>
    withRig(async (rig) => {
      const rounds = isQuick ? 10 : 60
      const contenders: readonly Contender[] = [
        contender('gateway', await rig.subject('gateway')),
        contender('node:http', await rig.subject('handshakes', { HANDSHAKE_BY: 'http' })),
        contender('node:net', await rig.subject('handshakes', { HANDSHAKE_BY: 'net' })),
      ]
      // The first rounds compile the code for the others.
      for (let round = -warmUpRounds; round < rounds; round += 1)
        for (const { name, subject, micros } of round % 2 === 0 ? contenders : contenders.toReversed()) {
          const cost = await costOf(rig, subject)
          if (round >= 0) micros.push(cost)
          if (round >= 0 && round % 10 === 0) say(`round ${round + 1} of ${rounds}: ${name} ${figure(cost)} us`)
        }
      const [ours = 0, ...floors] = contenders.map(({ micros }) => medianOf(micros))
      const [http = 0, net = 0] = floors
      return [
        figureRow({
          measure: 'Handshake with a remembered token, CPU (other: node:http and node:net that only answer 101)',
          unit: 'us',
          ours,
          max: 120,
          other: `${figure(http)} us, ${figure(net)} us`,
        }),
      ]
    }),
}

interface Contender {
  readonly name: string
  readonly subject: Subject
  readonly micros: number[]
}

const contender = (name: string, subject: Subject): Contender => ({ name, subject, micros: [] })

const warmUpRounds = 10
/** So few that a round is short beside what else the machine does. */
const connectionsPerRound = 200

async function costOf({ load }: Rig, { calls, target }: Subject): Promise<number> {
  const before = await calls.call('usage', { collectGarbage: false })
  await load.call('connect', { group: 'round', target, connections: connectionsPerRound, queries: ['cursor=latest'] })
  const after = await calls.call('usage', { collectGarbage: false })
  await load.call('disconnect', { group: 'round' })
  return (after.cpuMicros - before.cpuMicros) / connectionsPerRound
}
