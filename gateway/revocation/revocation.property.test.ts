import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aStep, simulate, type Step } from '../testing/revocation-simulation.ts'

const runs = Number(process.env['SCHEDULES'] ?? 300)

describe('revocations on several pods', () => {
  it('end all deliveries to the revoked on each pod that has applied them, and no others, whatever the schedule (G12)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 60, size: 'max' }), async (steps) => {
        expect(await simulate(steps)).toBeNull()
      }),
      { numRuns: runs },
    )
  }, 600_000)

  // The weaker record is the last of its subject, compaction keeps it alone, and a pod that starts then reads no other.
  it('are as strong after compaction as the strongest request', async () => {
    const revoke = (agoMs: number): Step => ({ kind: 'revoke', pod: agoMs === 0 ? 0 : 1, subject: 0, agoMs, outcome: 'acknowledged' })
    const steps: readonly Step[] = [
      { kind: 'connect', pod: 1, token: 0, isOld: true },
      { kind: 'wait', ms: 1 },
      revoke(0),
      revoke(500),
      { kind: 'compact' },
      { kind: 'restart', pod: 1 },
      { kind: 'connect', pod: 1, token: 0, isOld: true },
      { kind: 'finish', pod: 1 },
      { kind: 'join', pod: 1 },
      { kind: 'deliver', pod: 1, audience: 0 },
    ]
    expect(await simulate(steps)).toBeNull()
  })
})
