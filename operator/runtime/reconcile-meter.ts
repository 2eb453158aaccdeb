import type { Sample } from '../../program/metrics/table.ts'
import type { OperatorMetrics } from '../observability/metrics.ts'
import type { InProgress, ReconcileEnd } from './reconcile-run.ts'
import { priorities, type Priority } from './priority.ts'

export type ControllerMetrics = Pick<
  OperatorMetrics,
  | 'reconciles'
  | 'reconcileErrors'
  | 'reconcilePanics'
  | 'reconcileTimeouts'
  | 'reconcileTime'
  | 'maxConcurrentReconciles'
  | 'activeWorkers'
  | 'abandonedReconciles'
  | 'reconcileStarted'
  | 'queueDepth'
>

export interface ReconcileMeter {
  ended(end: ReconcileEnd, tookMs: number, isTimedOut: boolean): void
}

export interface ReconcileMeterParts {
  readonly name: string
  readonly metrics: ControllerMetrics
  readonly workers: number
  readonly inProgress: () => readonly InProgress[]
  readonly readyCount: (priority: Priority) => number
}

/** Counts under the names of controller-runtime. */
export function createReconcileMeter({ name, metrics, workers, inProgress, readyCount }: ReconcileMeterParts): ReconcileMeter {
  const labels = { controller: name }
  metrics.maxConcurrentReconciles.set(workers, labels)
  metrics.activeWorkers.collect(() => inProgress().filter(({ isAbandoned }) => !isAbandoned).length, labels)
  metrics.abandonedReconciles.collect(() => inProgress().filter(({ isAbandoned }) => isAbandoned).length, labels)
  metrics.reconcileStarted.collect(() => inProgress().map((each) => startOf(name, each)))
  for (const priority of priorities) metrics.queueDepth.collect(() => readyCount(priority), { name, priority })
  return {
    ended: (end, tookMs, isTimedOut) => {
      const result = resultLabel(end)
      metrics.reconciles.add(1, { ...labels, result })
      metrics.reconcileTime.observe(tookMs / 1_000, labels)
      if (result === 'error') metrics.reconcileErrors.add(1, labels)
      if (end.kind === 'threw') metrics.reconcilePanics.add(1, labels)
      if (isTimedOut) metrics.reconcileTimeouts.add(1, labels)
    },
  }
}

const startOf = (controller: string, { ref: { namespace, name }, startedAtWallMs }: InProgress): Sample => ({
  labels: { controller, namespace, name },
  value: startedAtWallMs / 1_000,
})

function resultLabel(end: ReconcileEnd): 'success' | 'error' | 'requeue' | 'requeue_after' {
  if (end.kind === 'done') return 'success'
  if (end.kind === 'requeue') return end.afterMs > 0 ? 'requeue_after' : 'requeue'
  return 'error'
}
