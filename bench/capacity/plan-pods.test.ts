import { expect, test } from 'vitest'
import { type CapacityModel, fitModel, type PodCost } from './model.ts'
import { planPods, readingLimit } from './plan-pods.ts'

const exact = (coefficients: readonly number[]) => ({ coefficients, error: 0, explained: 1 })
/** 10 us for an event, 5 us for its second reading, 50 us for a delivery, 1 us for a session; 100 MB and 5 KB for a session. */
const model: CapacityModel = { cpu: exact([0.01, 10e-6, 5e-6, 50e-6, 1e-6]), rssBytes: exact([100e6, 5_000]), replayBytes: 60e6 }
const bounds = { connectionsPerPod: 15_000, cpuPerPod: 0.5, minPods: 2 }

test('a small channel has two pods, so that one may go', () => {
  expect(planPods(model, { connections: 10_000, eventsPerSecond: 1_000, deliveriesPerSecond: 1_000 }, bounds)).toEqual({
    pods: 2,
    cpuPerPod: expect.closeTo(0.01 + 0.01 + 0.0025 + 0.025 + 0.005, 9) as number,
    rssBytesPerPod: 185e6,
  })
})

test('connections decide the number of pods where they have work to spare', () => {
  expect(planPods(model, { connections: 1_000_000, eventsPerSecond: 1_000, deliveriesPerSecond: 1_000 }, bounds)?.pods).toBe(67)
})

test('pods are added until their work fits, and none help when reading alone is too much', () => {
  const many = planPods(model, { connections: 10_000, eventsPerSecond: 40_000, deliveriesPerSecond: 40_000 }, bounds)
  // 0.09 of a processor are left beside reading, for 2.21 processors of work.
  expect(many?.pods).toBe(25)
  expect(planPods(model, { connections: 10_000, eventsPerSecond: 50_000, deliveriesPerSecond: 0 }, bounds)).toBeNull()
})

test('reading alone takes half a processor at the rate that the model says', () => {
  expect(readingLimit(model, 0.5)).toBeCloseTo(49_000)
  expect(readingLimit({ ...model, cpu: exact([0, 0, 0, 0, 0]) }, 0.5)).toBe(Infinity)
})

test('a model is found from windows of pods', () => {
  const costs: PodCost[] = [1, 2, 4].flatMap((pods) =>
    [1_000, 5_000, 20_000].flatMap((eventsPerSecond) =>
      [1_000, 10_000].map((all) => {
        const [sessions, deliveriesPerSecond] = [all / pods, all === 1_000 ? eventsPerSecond / 100 / pods : eventsPerSecond / 4 / pods]
        const cpu = 0.01 + 10e-6 * eventsPerSecond + (5e-6 * eventsPerSecond) / pods + 50e-6 * deliveriesPerSecond + 1e-6 * sessions
        return {
          pods,
          eventsPerSecond,
          secondReadsPerSecond: eventsPerSecond / pods,
          sessions,
          deliveriesPerSecond,
          cpu,
          rssBytes: 160e6 + 5_000 * sessions,
        }
      }),
    ),
  )
  const memory = [0, 1_000, 10_000].map((sessions) => ({ sessions, rssBytes: 100e6 + 5_000 * sessions }))
  const found = fitModel({ costs, memory })
  const wanted = [0.01, 10e-6, 5e-6, 50e-6, 1e-6]
  found.cpu.coefficients.forEach((coefficient, index) => expect(coefficient / (wanted[index] ?? 1)).toBeCloseTo(1, 5))
  expect(found.rssBytes.coefficients[1]).toBeCloseTo(5_000)
  expect(found.replayBytes).toBeCloseTo(60e6)
})
