import { expect, it } from 'vitest'
import { stoppingOf, stopTimeoutMs } from './stopping.ts'

it('gives a pod the time that it takes in the worst case: to be forgotten by proxies, to drain, and three steps of its end', () => {
  const { preStopSeconds, terminationGracePeriodSeconds } = stoppingOf(15)
  expect(terminationGracePeriodSeconds).toBeGreaterThan(preStopSeconds + 15 + (3 * stopTimeoutMs) / 1_000)
  expect(stoppingOf(600).terminationGracePeriodSeconds - terminationGracePeriodSeconds).toBe(585)
})
