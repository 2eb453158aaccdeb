import type { OperatorMetrics } from '../observability/metrics.ts'

/** Counts what happens to the keys of a queue. */
export interface QueueMeter {
  /** A key has become ready. */
  added(): void
  taken(key: string, waitedMs: number): void
  done(key: string): void
  retried(): void
}

type QueueMetrics = Pick<
  OperatorMetrics,
  'queueAdds' | 'queueDuration' | 'workDuration' | 'queueRetries' | 'unfinishedWork' | 'longestRunning'
>

/** Counts under the names of client-go's workqueue. @param now milliseconds */
export function createQueueMeter(name: string, metrics: QueueMetrics, now: () => number): QueueMeter {
  const labels = { name }
  const startedAtMs = new Map<string, number>()
  const runningSeconds = (): readonly number[] => [...startedAtMs.values()].map((started) => (now() - started) / 1_000)
  metrics.unfinishedWork.collect(() => runningSeconds().reduce((sum, running) => sum + running, 0), labels)
  metrics.longestRunning.collect(() => Math.max(0, ...runningSeconds()), labels)
  return {
    added: () => metrics.queueAdds.add(1, labels),
    taken: (key, waitedMs) => {
      startedAtMs.set(key, now())
      metrics.queueDuration.observe(waitedMs / 1_000, labels)
    },
    done: (key) => {
      metrics.workDuration.observe((now() - (startedAtMs.get(key) ?? now())) / 1_000, labels)
      startedAtMs.delete(key)
    },
    retried: () => metrics.queueRetries.add(1, labels),
  }
}
