import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createElectionSimulation, type ElectionStep } from '../testing/election-simulation.ts'

const common = { afterMs: fc.oneof(fc.nat(3_000), fc.nat(12_000)), process: fc.oneof(fc.nat(2), fc.constant('leader' as const)) }
const step: fc.Arbitrary<ElectionStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ...common, kind: fc.constant('pause' as const), ms: fc.oneof(fc.nat(20_000), fc.nat(60_000)) }) },
  { weight: 1, arbitrary: fc.record({ ...common, kind: fc.constantFrom('kill' as const, 'stop' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ ...common, kind: fc.constant('jump' as const), ms: fc.integer({ min: -3_600_000, max: 3_600_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...common,
      kind: fc.constant('delay' as const),
      ms: fc.oneof(fc.constant(5), fc.nat(4_000), fc.nat(20_000)),
      there: fc.constantFrom(0, 0.1, 0.9, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...common,
      kind: fc.constant('fail' as const),
      times: fc.integer({ min: 1, max: 12 }),
      isCarriedOut: fc.boolean(),
    }),
  },
)
const runs = Number(process.env.CARILLON_ELECTION_RUNS ?? 100)

describe('leader election under any schedule of pauses, kills, stops, clocks that jump, and an API that is late or fails', () => {
  it('never has two leaders at work: after a new leader has written, the previous leader writes no more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), fc.integer(), async (steps, seed) => {
        const simulation = createElectionSimulation(3, randomOf(seed))
        await simulation.play(steps)
        await simulation.calm(60_000)
        const terms = simulation.terms()
        expect(terms).toEqual([...new Set(terms)])
        expect(simulation.leaders()).toBe(1)
      }),
      { numRuns: runs, interruptAfterTimeLimit: 20_000 },
    )
  })

  it('covers many changes of the leader, often after a pause', async () => {
    let terms = 0
    for (const [index, steps] of fc
      .sample(fc.array(step, { minLength: 20, maxLength: 25, size: 'max' }), { numRuns: 8, seed: 5 })
      .entries()) {
      const simulation = createElectionSimulation(3, randomOf(index))
      await simulation.play(steps)
      terms += simulation.terms().length
    }
    expect(terms).toBeGreaterThan(24)
  })
})

/** Returns pseudo-random numbers in [0, 1) from a seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
