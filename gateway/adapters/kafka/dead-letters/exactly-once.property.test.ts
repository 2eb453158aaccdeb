import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../event/log-record.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../../testing/recording-metrics.ts'
import { createLetterCopier, LostPartitionError } from './letter-copier.ts'
import { createPartitionWorker, type PartitionWorker } from './partition-worker.ts'
import { createModelCoordinator, type CommitFault, type ModelCoordinator } from './testing/model-coordinator.ts'

/** One process that believes to own the partition, for a while. */
interface Pod {
  readonly steps: number
  readonly startsAt: number
  readonly stepSizes: readonly number[]
  /** True for each record that the pod may copy. */
  readonly leaves: readonly boolean[]
  readonly faults: readonly CommitFault[]
  readonly delays: readonly number[]
}

const cycle = <T>(values: readonly T[], or: T): (() => T) => {
  let at = 0
  return () => values[at++ % Math.max(1, values.length)] ?? or
}

const recordAt = (offset: number): LogRecord => ({ partition: 0, offset, timestampMs: 0, key: null, value: null, headers: {} })

function startPod(coordinator: ModelCoordinator, pod: Pod, poison: readonly boolean[]): PartitionWorker {
  const transactions = coordinator.connect({ delay: cycle(pod.delays, 0), next: cycle(pod.faults, 'none') })
  const backOff = { wait: () => nextTurn(), reset: () => undefined, wake: () => undefined }
  const copier = createLetterCopier({
    partition: 0,
    topic: 't',
    transactions,
    logger: createRecordingLogger().logger,
    metrics: createRecordingMetrics().metrics,
    trouble: () => undefined,
    backOff,
  })
  let now = 0
  return createPartitionWorker({
    partition: 0,
    startOffset: Math.max(0, coordinator.committed()),
    check: ({ offset }) => (poison[offset] === true ? { reason: 'not-json', detail: '' } : null),
    copier,
    mayCopy: cycle(pod.leaves, true),
    summarised: () => undefined,
    summaryEveryMs: 3,
    progressEveryMs: () => 5,
    clock: { now: () => ++now },
  })
}

/** Reads the log in steps, as the reader does, until the pod dies (without a goodbye) or is at the end. */
async function live(coordinator: ModelCoordinator, pod: Pod, poison: readonly boolean[]): Promise<void> {
  for (let turn = 0; turn < pod.startsAt; turn++) await nextTurn()
  const worker = startPod(coordinator, pod, poison)
  const size = cycle(pod.stepSizes, 1)
  let isDead = false
  const work = async (): Promise<void> => {
    for (let step = 0; step < pod.steps; step++) {
      if (isDead) return
      const from = worker.position()
      const records = Array.from({ length: Math.min(size(), poison.length - from) }, (_, n) => recordAt(from + n))
      const nextOffset = from + records.length
      await worker.deliver(records.length === 0 ? { kind: 'skipped', nextOffset } : { kind: 'records', records, nextOffset })
      await worker.tick(step * 2).catch((cause: unknown) => {
        if (cause instanceof LostPartitionError) throw cause
      })
    }
  }
  // It dies in the middle of its work, also when it waits for the brokers.
  const dying = (async () => {
    for (let turn = 0; turn < pod.steps * 3; turn++) await nextTurn()
    isDead = true
    worker.stop()
  })()
  await work().catch(() => undefined) // it was stopped, or has lost the partition
  await dying
}

/** Returns each offset that a dead letter stands for, as often as it does. */
function coveredOffsets(coordinator: ModelCoordinator, poison: readonly boolean[]): readonly number[] {
  return coordinator.letters.flatMap(({ headers }) => {
    const header = (name: string): number => Number(headers.find(([one]) => one === `carillon_dlq_${name}`)?.[1] ?? -1)
    const [from, to] = [header('offset'), header('to_offset')]
    if (to === -1) return [from]
    const range = Array.from({ length: to - from + 1 }, (_, n) => from + n).filter((offset) => poison[offset] === true)
    expect(header('count')).toBe(range.length)
    return range
  })
}

const fault = fc.constantFrom<CommitFault>('none', 'none', 'none', 'lost', 'unanswered', 'late')
const pods = fc.array(
  fc.record({
    steps: fc.integer({ min: 1, max: 30 }),
    startsAt: fc.integer({ min: 0, max: 40 }),
    stepSizes: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
    leaves: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
    faults: fc.array(fault, { minLength: 1, maxLength: 12 }),
    delays: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 4 },
)
const flawless: Pod = { steps: 1_000, startsAt: 0, stepSizes: [5], leaves: [true], faults: ['none'], delays: [0] }

describe('a dead letter for each undecodable record', () => {
  it('is written exactly once, also with two owners of a partition, and with slow, lost and late requests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), pods, async (poison, several) => {
        const coordinator = createModelCoordinator()
        await Promise.all(several.map((pod) => live(coordinator, pod, poison)))
        await coordinator.settle()
        const last = startPod(coordinator, flawless, poison)
        const from = last.position()
        const records = Array.from({ length: poison.length - from }, (_, n) => recordAt(from + n))
        if (records.length > 0) await last.deliver({ kind: 'records', records, nextOffset: poison.length })
        await last.flush()
        expect([...coveredOffsets(coordinator, poison)].sort((a, b) => a - b)).toEqual(
          poison.flatMap((isPoison, offset) => (isPoison ? [offset] : [])),
        )
        expect(coordinator.committed()).toBe(poison.length)
      }),
      { numRuns: 150 },
    )
  })
})
