import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSimulation } from '../testing/channel-simulation.ts'

/**
 * G1: each session gets exactly the matching entries after its cursor, in order per partition, without duplicates, or a prefix of
 * them and then an honest gap. Pods read the partitions in different orders, drop what is beyond their limits, lose records of one
 * partition, tell of that later, and are restarted; the topic gets further partitions; clients come, go, and resume on any pod with any cursor they were last
 * told; sockets congest and lose what they hold.
 */
describe('a channel', () => {
  it('gives each client exactly its events, or a prefix of them and then a gap, under any schedule', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffffff }), { minLength: 20, maxLength: 600, size: 'max' }), (tape) => {
        const simulation = createSimulation(tape)
        simulation.run()
        expect(simulation.complaints()).toEqual([])
      }),
      { numRuns: Number(process.env.CARILLON_G1_RUNS ?? 1500) },
    )
  })

  it('is really exercised: schedules contain resumes, replays, gaps, congestion and cursors that are ahead of a pod', () => {
    const seen: Record<string, number> = {}
    for (const tape of fc.sample(fc.array(fc.nat({ max: 0xffffff }), { minLength: 300, maxLength: 600, size: 'max' }), {
      numRuns: 400,
      seed: 7,
    })) {
      const simulation = createSimulation(tape)
      simulation.run()
      for (const [what, times] of Object.entries(simulation.seen)) seen[what] = (seen[what] ?? 0) + times
    }
    for (const what of [
      'delivered',
      'resumed',
      'replayed',
      'gap',
      'congested',
      'ahead',
      'bookmark',
      'restarted',
      'trimmed',
      'grown',
      'lost',
      'log-lost',
      'owing',
      'skipped',
    ]) {
      expect(seen[what], what).toBeGreaterThan(20)
    }
  })
})
