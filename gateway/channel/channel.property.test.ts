import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSimulation } from '../testing/channel-simulation.ts'

/**
 * G1: each session gets exactly the matching entries after its cursor, in order per partition, without duplicates, or a prefix of them and then
 * a gap. Pods read the partitions in different orders, drop entries beyond their limits, lose records of one partition, send the gap for them
 * later, and are restarted. The topic gets further partitions. Clients connect, leave, and resume on any pod with any cursor that they last
 * received; some of them ask for short cursors, and most take compressed frames. Sockets congest and lose their buffers. Clients renew their tokens, with other rights, and change their filters: each event is judged by
 * the rights and the filter that hold at its place (G11). A filter that is refused changes nothing, and none is left without a session.
 */
describe('a channel', () => {
  it('gives each client exactly its events, or a prefix of them and then a gap, under any schedule', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffffff }), { minLength: 20, maxLength: 600, size: 'max' }), (tape) => {
        const simulation = createSimulation(tape)
        simulation.run()
        expect(simulation.complaints()).toEqual([])
        expect(simulation.seen['short cursor unasked']).toBeUndefined()
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
      'earliest',
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
      'token-accepted',
      'renewed at the head',
      'renewed behind the head',
      'subscribed',
      'subscribed at the head',
      'subscribed behind the head',
      'filter refused',
      'without room',
      'short cursor',
      'compressed',
      'resumed with short cursors',
    ]) {
      expect(seen[what], what).toBeGreaterThan(20)
    }
  })
})
