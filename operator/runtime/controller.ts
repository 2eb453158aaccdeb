import type { Logger } from '../../program/log/logger.ts'
import type { Clock } from '../../program/clock.ts'
import { withDeadline } from '../../program/waiting.ts'
import type { ObjectRef } from '../../api/kubernetes.ts'
import { keyOf } from '../../api/object-ref.ts'
import { createReconcileMeter, type ControllerMetrics, type ReconcileMeter } from './reconcile-meter.ts'
import { type InProgress, runReconcile, type Reconcile, type ReconcileEnd, type ReconcileRun } from './reconcile-run.ts'
import { startResync } from './resync.ts'
import type { WorkItem, WorkOutcome, WorkQueue } from './work-queue.ts'

export interface ControllerOptions {
  /** Number of keys that are worked on at the same time. */
  readonly workers: number
  /** Time after which a reconcile is cancelled. Milliseconds. */
  readonly timeoutMs: number
  /** Time after the cancellation after which the worker leaves the reconcile behind. Milliseconds. @default 5000 */
  readonly graceMs?: number
  /** Maximum number of reconciles that are left behind at the same time. @default number of workers */
  readonly maxAbandoned?: number
  /**
   * Time beyond its limit that makes a reconcile stuck. Also the time without any progress that makes the queue stuck. Milliseconds.
   * @default 5 min
   */
  readonly stuckAfterMs?: number
  /** Period in which every key is reconciled even without an event. Milliseconds. */
  readonly resyncPeriodMs: number
}

export interface ControllerParts {
  /** Name in metrics: `realtimechannel`. */
  readonly name: string
  readonly queue: Pick<WorkQueue, 'add' | 'take' | 'done' | 'readyCount'>
  readonly reconcile: Reconcile
  /** All keys, for the resync. */
  readonly keys: () => Iterable<ObjectRef>
  readonly options: ControllerOptions
  readonly metrics: ControllerMetrics
  readonly logger: Logger
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
}

export interface Controller {
  /** May be called once. */
  start(): void
  /**
   * Takes no more keys, and waits for the reconciles in progress until the deadline. Then cancels them and waits `graceMs` more.
   * May be called again, also with a shorter deadline.
   * @returns the keys whose reconciles have not ended. They may write until the process ends
   */
  stop(options: { readonly deadlineMs: number }): Promise<readonly ObjectRef[]>
  inProgress(): readonly InProgress[]
  /** Returns the reason why only a restart of the process would help, for `/livez`. Null: no restart is needed. */
  stuck(): string | null
}

/**
 * Workers that take keys from a queue and reconcile them. No reconcile can stop the others:
 *
 * - A reconcile fails or throws. The key is retried with a back-off. A throw is a bug and is logged as one.
 * - A reconcile takes too long. Its signal aborts. Every wait of a well-written reconcile ends then.
 * - A reconcile ignores its signal. JavaScript cannot end it. Waiting for it would leave no worker for the other keys, after a handful of
 *   such keys. Handing the key to another worker would let two workers write at the same time, and the older one writes stale data. So the
 *   worker leaves the reconcile behind and takes other keys. The key stays occupied: the queue gets `done` only when the reconcile really
 *   ends.
 *
 * A reconcile that was left behind holds memory and maybe connections, so `maxAbandoned` limits their number. Beyond the limit, workers
 * wait.
 * Its key is not reconciled in the meantime, so the controller becomes `stuck` when this lasts, and the process is restarted.
 */
export function createController(parts: ControllerParts): Controller {
  return new KeyController(parts)
}

interface Working extends InProgress {
  readonly run: ReconcileRun
  /** Resolves when the queue has got `done`. */
  readonly finished: Promise<void>
  isAbandoned: boolean
}

class KeyController implements Controller {
  readonly #parts: ControllerParts
  readonly #options: Required<ControllerOptions>
  readonly #meter: ReconcileMeter
  readonly #working = new Set<Working>()
  readonly #stopping = new AbortController()
  #stopResync: (() => void) | null = null
  /** Time when a key was last taken or finished. */
  #movedAtMs: number

  constructor(parts: ControllerParts) {
    const { options } = parts
    this.#parts = parts
    this.#options = { graceMs: 5_000, maxAbandoned: options.workers, stuckAfterMs: 300_000, ...options }
    this.#movedAtMs = parts.clock.now()
    this.#meter = createReconcileMeter({
      name: parts.name,
      metrics: parts.metrics,
      workers: options.workers,
      inProgress: () => this.inProgress(),
      readyCount: (priority) => parts.queue.readyCount(priority),
    })
  }

  start(): void {
    const { queue, keys, clock, random } = this.#parts
    if (this.#stopResync !== null) throw new Error('a controller starts once')
    this.#movedAtMs = clock.now()
    this.#stopResync = startResync({
      keys,
      add: (ref) => queue.add(ref, 'resync'),
      periodMs: this.#options.resyncPeriodMs,
      now: () => clock.now(),
      random,
    })
    for (let n = 0; n < this.#options.workers; n += 1) void this.#work() // rejects only on a bug in the queue, which should end the process
  }

  async stop({ deadlineMs }: { readonly deadlineMs: number }): Promise<readonly ObjectRef[]> {
    this.#stopping.abort()
    this.#stopResync?.()
    await this.#allFinished(deadlineMs)
    for (const { run } of this.#working) run.cancel()
    await this.#allFinished(this.#options.graceMs)
    return [...this.#working].map(({ ref }) => ref)
  }

  inProgress(): readonly InProgress[] {
    return [...this.#working]
  }

  stuck(): string | null {
    if (this.#stopResync === null || this.#stopping.signal.aborted) return null
    const { timeoutMs, graceMs, stuckAfterMs } = this.#options
    const now = this.#parts.clock.now()
    for (const { ref, startedAtMs } of this.#working) {
      if (now - startedAtMs > timeoutMs + graceMs + stuckAfterMs)
        return `the reconcile of ${keyOf(ref)} has not ended for ${seconds(now - startedAtMs)}`
    }
    const isStill = this.#parts.queue.readyCount() > 0 && now - this.#movedAtMs > timeoutMs + graceMs + stuckAfterMs
    return isStill ? `keys are waiting; none was taken for ${seconds(now - this.#movedAtMs)}` : null
  }

  async #work(): Promise<void> {
    const { queue } = this.#parts
    const { signal } = this.#stopping
    for (let item = await queue.take(signal); item !== null; item = await queue.take(signal)) {
      // `stop` was called between the hand-over and this line, and has not counted this key.
      if (signal.aborted) queue.done(item.ref, { kind: 'requeue', afterMs: 0 })
      else await this.#handle(item)
    }
  }

  /** Resolves when the worker may take another key. */
  async #handle(item: WorkItem): Promise<void> {
    const working = this.#begin(item)
    await Promise.race([working.finished, working.run.slotFree])
    if (!working.run.hasEnded()) {
      this.#reportOverdue(item.ref)
      if (this.#mayAbandon()) working.isAbandoned = true
    }
    if (!working.isAbandoned) await working.finished
  }

  #begin(item: WorkItem): Working {
    const { reconcile, clock } = this.#parts
    const { timeoutMs, graceMs } = this.#options
    const run = runReconcile(reconcile, item.ref, { priority: item.priority, timeoutMs, graceMs })
    const working: Working = {
      ref: item.ref,
      startedAtMs: clock.now(),
      startedAtWallMs: clock.wallNow(),
      isAbandoned: false,
      run,
      finished: run.ended.then((end) => this.#finish(item, working, end)),
    }
    this.#working.add(working)
    this.#movedAtMs = clock.now()
    return working
  }

  #finish(item: WorkItem, working: Working, end: ReconcileEnd): void {
    const { clock, queue } = this.#parts
    const isTimedOut = working.run.isTimedOut()
    this.#working.delete(working)
    this.#movedAtMs = clock.now()
    // A reconcile that was cancelled because the controller stops has not failed.
    if (end.kind !== 'cancelled' || isTimedOut) {
      this.#meter.ended(end, clock.now() - working.startedAtMs, isTimedOut)
      this.#log(item, end)
    }
    queue.done(item.ref, outcomeOf(end))
  }

  #mayAbandon(): boolean {
    return this.inProgress().filter(({ isAbandoned }) => isAbandoned).length < this.#options.maxAbandoned
  }

  #reportOverdue({ namespace, name }: ObjectRef): void {
    const mayGoOn = this.#mayAbandon()
    this.#parts.logger.error({ namespace, object: name, timeoutMs: this.#options.timeoutMs, mayGoOn }, 'reconcile overdue')
  }

  #log({ ref: { namespace, name }, failures }: WorkItem, end: ReconcileEnd): void {
    const { logger } = this.#parts
    const fields = { namespace, object: name, attempt: failures + 1 }
    if (end.kind === 'threw') logger.error({ ...fields, err: end.error }, 'reconcile threw')
    if (end.kind === 'cancelled') logger.warn({ ...fields, timeoutMs: this.#options.timeoutMs }, 'reconcile timed out')
    if (end.kind === 'retry') logger.warn({ ...fields, reason: end.reason }, 'reconcile failed')
  }

  async #allFinished(withinMs: number): Promise<void> {
    if (this.#working.size === 0) return
    await withDeadline(Promise.all([...this.#working].map(({ finished }) => finished)), withinMs, () => undefined)
  }
}

function outcomeOf(end: ReconcileEnd): WorkOutcome {
  switch (end.kind) {
    case 'done':
      return { kind: 'success' }
    case 'requeue':
      return end
    case 'retry':
    case 'threw':
    case 'cancelled':
      return { kind: 'retry' }
    default:
      return end satisfies never
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`
