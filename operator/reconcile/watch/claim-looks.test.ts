import { describe, expect, it } from 'vitest'
import type { ObjectRef } from '../../../api/kubernetes.ts'
import { createClaimLooks } from './claim-looks.ts'

function rig() {
  const work: string[] = []
  const clock = { nowMs: 0 }
  const looks = createClaimLooks({
    nowMs: () => clock.nowMs,
    enqueueAfter: ({ name }, afterMs) => void work.push(`${name} ${clock.nowMs + afterMs}`),
  })
  return { work, clock, looks }
}

const ref = (name: string): ObjectRef => ({ namespace: 'shop', name })

describe("a channel whose claims or rivals change by the brokers' responses", () => {
  it('is reconciled at once six times in a minute, and then when the first of them is a minute old', () => {
    const { work, clock, looks } = rig()
    for (const nowMs of [0, 100, 200, 300, 400, 500, 600]) {
      clock.nowMs = nowMs
      looks.ask(ref('a'))
    }
    expect(work).toEqual(['a 0', 'a 100', 'a 200', 'a 300', 'a 400', 'a 500', 'a 60000'])
    looks.ask(ref('b'))
    expect(work.at(-1)).toBe('b 600')
  })

  it('is reconciled once for all requests while it waits', () => {
    const { work, clock, looks } = rig()
    for (let times = 0; times < 100; times++) looks.ask(ref('a'))
    expect(work).toHaveLength(7)
    clock.nowMs = 60_000
    looks.ask(ref('a'))
    expect(work.slice(6)).toEqual(['a 60000', 'a 60000'])
  })

  it('is reconciled six times a minute when requests never end', () => {
    const { work, clock, looks } = rig()
    for (; clock.nowMs < 600_000; clock.nowMs += 100) looks.ask(ref('a'))
    expect(work.length).toBeLessThanOrEqual(66)
    expect(work.length).toBeGreaterThanOrEqual(60)
  })

  it('is forgotten when it is gone', () => {
    const { work, looks } = rig()
    for (let times = 0; times < 7; times++) looks.ask(ref('a'))
    looks.forget(ref('a'))
    looks.ask(ref('a'))
    expect(work.at(-1)).toBe('a 0')
  })
})
