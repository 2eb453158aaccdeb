import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { partitionFor } from '../../../emit/partition-for.ts'
import { anOutgoingRecord } from '../../../testing/event-publisher-contract.ts'
import type { Produced } from '../wire/requests/produce.ts'
import { createFakeCluster, type FakeCluster, type FakeRequest, lost, produced } from './testing/fake-cluster.ts'

/** Behaviours of a broker at one request. `late`: it appends after its client has given up. */
type Treatment =
  | 'well'
  | 'lost-before'
  | 'lost-after'
  | 'silent'
  | 'late'
  | 'lacks-one'
  | 'twice'
  | 'stale'
  | 'too-few'
  | 'too-few-after'
  | 'not-asked'
type Step =
  | { readonly kind: 'publish'; readonly keys: readonly number[]; readonly timeoutMs: number }
  | { readonly kind: 'treat'; readonly treatments: readonly Treatment[] }
  | { readonly kind: 'move'; readonly partition: number; readonly leader: number }
  | { readonly kind: 'cut'; readonly broker: number; readonly isAway: boolean }
  | { readonly kind: 'pass'; readonly ms: number }

const partitions = 4
const treatments: readonly Treatment[] = [
  'well',
  'lost-before',
  'lost-after',
  'silent',
  'late',
  'lacks-one',
  'twice',
  'stale',
  'too-few',
  'too-few-after',
  'not-asked',
]
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('publish' as const),
        keys: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 5 }),
        timeoutMs: fc.integer({ min: 100, max: 8_000 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('treat' as const),
        treatments: fc.array(fc.constantFrom(...treatments), { minLength: 1, maxLength: 6 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('move' as const),
        partition: fc.integer({ min: 0, max: partitions - 1 }),
        leader: fc.constantFrom(-1, 1, 2, 3),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('cut' as const), broker: fc.integer({ min: 1, max: 3 }), isAway: fc.boolean() }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 400 }) }) },
  ),
  { minLength: 5, maxLength: 60 },
)

async function treat(request: FakeRequest, treatment: Treatment): Promise<readonly Produced[]> {
  const [first] = request.batches
  const all = (code: number): readonly Produced[] => request.batches.map(({ partition }) => produced(partition, code))
  switch (treatment) {
    case 'well':
      return request.append()
    case 'lost-before':
      throw lost(request.broker)
    case 'lost-after':
      request.append()
      throw lost(request.broker)
    case 'silent':
      return request.silence()
    case 'late':
      return request.silence().finally(() => request.append())
    case 'lacks-one':
      return request.append().slice(1)
    case 'twice':
      return [...request.append(), produced(first?.partition ?? 0)]
    case 'stale':
      return all(6)
    case 'too-few':
      return all(19)
    case 'too-few-after':
      request.append()
      return all(20)
    case 'not-asked':
      return request.append().map((own) => (own.partition === first?.partition ? { ...own, partition: own.partition + 100 } : own))
  }
}

interface Published {
  readonly sequence: number
  readonly partition: number
  readonly identity: string
  readonly publish: { readonly deadlineMs: number; outcome: 'ok' | 'failed' | 'open'; settledMs: number }
}

async function run(cluster: FakeCluster, script: readonly Step[]): Promise<readonly Published[]> {
  const published: Published[] = []
  const [planned, away]: [Treatment[], Set<number>] = [[], new Set()]
  cluster.faults.produce = (request) => (away.has(request.broker) ? request.silence() : treat(request, planned.shift() ?? 'well'))
  cluster.faults.connect = (broker) => (away.has(broker) ? Promise.reject(lost(broker)) : undefined)

  function publish({ keys, timeoutMs }: Extract<Step, { readonly kind: 'publish' }>): void {
    const state: Published['publish'] = { deadlineMs: performance.now() + timeoutMs, outcome: 'open', settledMs: Number.POSITIVE_INFINITY }
    const records = keys.map((key) => anOutgoingRecord({ key: `key-${key}`, identity: `${published.length}-${key}-${Math.random()}` }))
    for (const record of records)
      published.push({ sequence: published.length, partition: partitionFor(record, partitions), identity: record.identity, publish: state })
    void cluster.publisher
      .publish(records, { timeoutMs })
      .then(({ ok }) => Object.assign(state, { outcome: ok ? 'ok' : 'failed', settledMs: performance.now() }))
  }

  for (const step of script) {
    if (step.kind === 'publish') publish(step)
    else if (step.kind === 'treat') planned.push(...step.treatments)
    else if (step.kind === 'move') cluster.move(step.partition, step.leader)
    else if (step.kind === 'cut' && step.isAway) away.add(step.broker)
    else if (step.kind === 'cut') away.delete(step.broker)
    else await vi.advanceTimersByTimeAsync(step.ms)
  }
  await vi.advanceTimersByTimeAsync(12_000)
  return published
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('a publisher loses no acknowledged record, keeps each partition in order, and settles every publish by its deadline, with any faults of brokers', async () => {
  const seen = { ok: 0, failed: 0 }
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const cluster = createFakeCluster([1, 2, 3, 1])
      const published = await run(cluster, script)
      await Promise.all([cluster.publisher.stop({ deadlineMs: 10 }), vi.advanceTimersByTimeAsync(20)])
      const acknowledged = published.filter(({ publish }) => publish.outcome === 'ok')
      for (const [partition, log] of cluster.logs.entries()) {
        const own = acknowledged.filter((record) => record.partition === partition)
        const places = own.map(({ identity }) => log.indexOf(identity))
        expect(places).not.toContain(-1)
        expect(places).toEqual(places.toSorted((a, b) => a - b))
        expect(log.every((identity) => published.some((record) => record.partition === partition && record.identity === identity))).toBe(
          true,
        )
      }
      expect(published.filter(({ publish }) => publish.settledMs > publish.deadlineMs + 1)).toEqual([])
      expect(vi.getTimerCount()).toBe(0)
      seen.ok += acknowledged.length
      seen.failed += published.length - acknowledged.length
    }),
    { numRuns: 300 },
  )
  expect(Math.min(seen.ok, seen.failed)).toBeGreaterThan(500)
}, 120_000)
