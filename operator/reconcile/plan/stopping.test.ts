import { expect, it } from 'vitest'
import { stoppingOf, stopTimeoutMs } from './stopping.ts'

it('the grace period of a pod covers the worst case: removal from proxies, the drain, and three steps of the stop', () => {
  const { preStopSeconds, terminationGracePeriodSeconds } = stoppingOf(15)
  expect(terminationGracePeriodSeconds).toBeGreaterThan(preStopSeconds + 15 + (3 * stopTimeoutMs) / 1_000)
  expect(stoppingOf(600).terminationGracePeriodSeconds - terminationGracePeriodSeconds).toBe(585)
})
