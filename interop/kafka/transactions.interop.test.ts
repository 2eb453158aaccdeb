import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fate, checkCase } from './testing/check-case.ts'
import { goProgram, type Program, pythonProgram } from './testing/program.ts'
import type { Report } from './testing/plan.ts'
import { rowOf, writeRows } from './testing/results.ts'
import { type Rig, startRig } from './testing/rig.ts'
import { type Scenario, scenarioPartitions, scenarios } from './testing/transaction-scenarios.ts'
import { versionOf } from './versions.ts'

interface Client {
  readonly name: string
  readonly version: string
  readonly program: Program
}

const clients: readonly Client[] = [
  { name: 'confluent-kafka', version: versionOf('confluent-kafka'), program: pythonProgram('confluent_transactions.py') },
  { name: 'franz-go', version: versionOf('github.com/twmb/franz-go'), program: goProgram('franz-go-transactions') },
]

/** Clients get committed events, and dead letters hold committed records. Records of aborted transactions reach neither. */
describe.each(clients)('transactions of $name $version', ({ name, version, program }) => {
  let rig: Rig
  let report: Report | undefined
  const steps = scenarios.flatMap((scenario) => scenario.steps)

  beforeAll(async () => {
    rig = await startRig({ topic: `interop-transactions-${name}`, partitions: scenarioPartitions, deadLetters: true })
    const reports = await program({ ...rig.plan, steps })
    report = reports.find((each) => each.name === 'steps')
    // The tests below report each faulty scenario.
    await rig.settle().catch((error: unknown) => console.error(String(error)))
  })

  afterAll(async () => {
    if (rig === undefined) return
    writeRows(
      `transactions-${name}`,
      ['committed', 'aborted'].map((what) =>
        rowOf(
          { producer: name, version, what: `transactions, ${what}` },
          scenarios.map((scenario) => [scenario.title, fatesOf(scenario)[what === 'committed' ? 0 : 1]] as const),
        ),
      ),
    )
    await rig.stop()
  })

  const fatesOf = ({ committed, aborted }: Scenario): readonly [Fate, Fate] => {
    const fate = (ids: readonly string[], isForClient: boolean): Fate =>
      checkCase({ ids, isForClient, report: { name: '', sent: ids.length }, socket: rig.socket, eventStream: rig.eventStream })
    return [fate(committed, true), fate(aborted, false)]
  }

  it('are all carried out', () => expect(report).toEqual({ name: 'steps', sent: steps.length }))

  it.each(scenarios.map((scenario) => [scenario.title, scenario] as const))(
    '%s: clients receive committed events once, and no aborted ones',
    (_, scenario) => {
      expect(fatesOf(scenario).map(({ faults }) => faults)).toEqual([[], []])
    },
  )

  it.each(
    scenarios.filter(({ steps: each }) => each.some((step) => step.do === 'poison')).map((scenario) => [scenario.title, scenario] as const),
  )('%s: dead letters hold committed records that cannot be decoded, and no aborted ones', (_, { committedPoison, abortedPoison }) => {
    const letters = rig.deadLetters()
    expect({
      missing: committedPoison.filter((value) => !letters.includes(value)),
      wrong: abortedPoison.filter((value) => letters.includes(value)),
    }).toEqual({ missing: [], wrong: [] })
  })

  it('lead to no gap and no close', () => expect([...rig.socket.troubles, ...rig.eventStream.troubles]).toEqual([]))
})
