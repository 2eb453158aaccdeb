import { expect, it } from 'vitest'
import { scenarioPartitions, scenarios } from './transaction-scenarios.ts'

it.each(scenarios.map((scenario) => [scenario.title, scenario] as const))(
  'the scenario "%s" accounts for each of its records once, within its partitions',
  (_, { steps, committed, aborted, committedPoison, abortedPoison }) => {
    const records = steps.filter((step) => step.do === 'event' || step.do === 'poison')
    const ids = [...committed, ...aborted, ...committedPoison, ...abortedPoison]
    expect(ids.toSorted()).toEqual(records.map(({ id }) => id).toSorted())
    expect(new Set(ids).size).toBe(ids.length)
    expect(Math.max(...records.map(({ partition }) => partition))).toBeLessThan(scenarioPartitions)
  },
)

it('the shuffled rounds have committed and aborted records of both kinds', () => {
  const rounds = scenarios.at(-1)
  expect(
    [rounds?.committed.length, rounds?.aborted.length, rounds?.committedPoison.length, rounds?.abortedPoison.length].every(
      (count) => (count ?? 0) > 0,
    ),
  ).toBe(true)
})
