import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameBytes } from './testing/fuzz/arbitrary-frames.ts'
import { credentials, emits, heads, repetitions } from './testing/fuzz/arbitrary-requests.ts'
import { type FuzzMode, type FuzzRig, startFuzzRig } from './testing/fuzz/fuzz-rig.ts'

/** Seeded, so that a failure comes again. A minute in all where nothing may be missed; elsewhere so many inputs of each kind. */
const isCi = ['true', '1'].includes(process.env['CI'] ?? '')
const bounded = (numRuns: number) => (isCi ? { seed: 14, numRuns: 1_000_000, interruptAfterTimeLimit: 6_000 } : { seed: 14, numRuns })

describe.each<FuzzMode>(['development', 'keys'])('a gateway process that gets bad input (%s)', (mode) => {
  let rig: FuzzRig
  beforeAll(async () => {
    rig = await startFuzzRig(mode)
  })
  afterAll(() => rig.stop())

  it('answers any head of a request as HTTP demands, and keeps all others served', async () => {
    await fc.assert(
      fc.asyncProperty(heads, (spec) => rig.request(spec)),
      bounded(150),
    )
    expect(rig.tally.refused).toBeGreaterThan(10)
  })

  it('delivers each accepted event, of any form, to its recipients and to no others', async () => {
    const before = rig.tally.accepted
    await fc.assert(
      fc.asyncProperty(emits, (spec) => rig.request(spec)),
      bounded(150),
    )
    expect(rig.tally.accepted - before).toBeGreaterThan(10)
  })

  it('accepts or refuses any cookies, subprotocols, tokens and query strings', async () => {
    const before = rig.tally.sessions
    await fc.assert(
      fc.asyncProperty(credentials, (spec) => rig.request(spec)),
      bounded(150),
    )
    expect(rig.tally.sessions - before).toBeGreaterThan(3)
  })

  it('takes any bytes from a session, and closes with a documented code', async () => {
    const before = rig.tally.closes
    await fc.assert(
      fc.asyncProperty(frameBytes, (bytes) => rig.frames(bytes)),
      bounded(150),
    )
    expect(rig.tally.closes - before).toBeGreaterThan(3)
  })

  it('turns its event loop within 50 ms of CPU time for any repeated part of a request', async () => {
    await fc.assert(
      fc.asyncProperty(repetitions, (spec) => rig.request(spec)),
      bounded(40),
    )
  })

  it('has pinged its sessions, grown by less than 32 MiB and logged no error, and stops with exit code 0 in the end', async () => {
    const { grownBytes, ...end } = await rig.finish()
    expect([end, grownBytes < 32 * 1024 * 1024]).toEqual([{ readiness: 200, errors: [], exitCode: 0 }, true])
  })
})
