import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runSendSimulation } from '../testing/send-simulation.ts'

/**
 * G10: an acknowledged send is in the upstream topic, once for a reader that suppresses by source and id, and an unacknowledged one is never silently
 * lost. Brokers lose acknowledgements, append records after their publish has failed, refuse, and are away. Pods restart and forget. Clients lose
 * their connections, come to another pod, send again what has no outcome, and sometimes what has one. Two tabs send the same event at once. The oracle
 * is the topics, and what each client was told.
 */
const tapes = (minLength: number) => fc.array(fc.nat({ max: 0xffffff }), { minLength, maxLength: 500, size: 'max' })

describe('sends', () => {
  it('are in the topic when they are acknowledged, and have an outcome, under any schedule', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(tapes(20), async (tape) => {
        const { complaints } = await runSendSimulation(tape)
        expect(complaints).toEqual([])
      }),
      { numRuns: Number(process.env.CARILLON_G10_RUNS ?? 200) },
    )
  })

  it('are really exercised: schedules contain every kind of trouble', { timeout: 120_000 }, async () => {
    const seen: Record<string, number> = {}
    for (const tape of fc.sample(tapes(300), { numRuns: 100, seed: 7 }))
      for (const [what, times] of Object.entries((await runSendSimulation(tape)).seen)) seen[what] = (seen[what] ?? 0) + times
    for (const what of [
      'ack',
      'acked',
      'lost',
      'late',
      'unavailable',
      'refused',
      'restarted',
      'written again',
      'sent twice at once',
      'sent by another tab',
      'not-acknowledged',
      'refused-by-log',
      'too-many-requests',
      'overloaded',
    ])
      expect(seen[what], what).toBeGreaterThan(10)
  })
})
