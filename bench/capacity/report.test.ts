import { expect, test } from 'vitest'
import type { PodCost } from './model.ts'
import { renderCapacity } from './report.ts'

/** Windows of pods that spend 10 us for an event, 50 us for a delivery and 2 us for a session, and 5,000 bytes for a session. */
const costs: readonly PodCost[] = [1, 2].flatMap((pods) =>
  [1_000, 20_000].flatMap((eventsPerSecond) =>
    [1_000, 8_000].flatMap((sessions) =>
      [10, 900].map((deliveriesPerSecond) => ({
        pods,
        eventsPerSecond,
        secondReadsPerSecond: eventsPerSecond / pods,
        sessions,
        deliveriesPerSecond,
        cpu: 10e-6 * eventsPerSecond + 50e-6 * deliveriesPerSecond + 2e-6 * sessions,
        rssBytes: 100e6 + 5_120 * sessions,
      })),
    ),
  ),
)
const memory = [0, 5_000].map((sessions) => ({ sessions, rssBytes: 60e6 + 5_120 * sessions }))
const text = renderCapacity({ costs, memory, conditions: '2 x Processor' })

test('a report has the price of each factor, and how far to trust it', () => {
  expect(text).toMatch(/\| processor time of an event in the topic +\| 10 us +\|/)
  expect(text).toMatch(/\| processor time of a delivery +\| 50 us +\|/)
  expect(text).toMatch(/\| processor time of a session +\| 2 us per second +\|/)
  expect(text).toMatch(/\| memory of a session +\| 5 KB +\|/)
  expect(text).toMatch(/\| memory that events add, at most +\| 40 MB +\|/)
  expect(text).toContain('16 figures of pods, by least squares.')
})

test('a report plans pods for connections and events, and says where no number is enough', () => {
  // 15,000 connections of a pod.
  expect(text).toMatch(/\| 1,000,000 +\| 1,000 +\| 67 +\|/)
  expect(text).toContain('half a processor of each pod at 50,000 events/s')
  const dear = costs.map((cost) => ({ ...cost, cpu: 5 * cost.cpu }))
  expect(renderCapacity({ costs: dear, memory, conditions: '' })).toMatch(/\| 10,000 +\| 20,000 +\| no number is enough \|/)
})
