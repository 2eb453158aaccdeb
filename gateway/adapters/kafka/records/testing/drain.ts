import type { LogRecord } from '../../../../event/log-record.ts'
import { readRecords, type FetchedRecords, type RecordStep } from '../read-records.ts'
import type { Turns } from '../turns.ts'

/** Reads all steps of a fetch of partition 3. */
export async function readSteps(fetched: Partial<FetchedRecords>, fromOffset = 0, turns?: Turns): Promise<readonly RecordStep[]> {
  return Array.fromAsync(readRecords({ partition: 3, records: Buffer.alloc(0), aborted: [], ...fetched }, fromOffset, turns))
}

export const recordsOf = (steps: readonly RecordStep[]): readonly LogRecord[] =>
  steps.flatMap((step) => (step.kind === 'records' ? step.records : []))
export const offsetsOf = (steps: readonly RecordStep[]): readonly number[] => recordsOf(steps).map((record) => record.offset)
export const reasonsOf = (steps: readonly RecordStep[]): readonly string[] =>
  steps.flatMap((step) => (step.kind === 'unreadable' ? [step.why] : []))

/** Returns the longest turn of the event loop in this thread's processor time. Other processes of the machine do not count. */
export async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let [longest, isOver] = [0, false]
  let last = cpuMs()
  const look = (): void => {
    const now = cpuMs()
    longest = Math.max(longest, now - last)
    last = now
    if (!isOver) setImmediate(look)
  }
  setImmediate(look)
  await work()
  await new Promise((resolve) => setImmediate(resolve))
  isOver = true
  return longest
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
