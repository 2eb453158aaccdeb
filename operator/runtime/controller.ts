import type { Logger } from '../../program/log/logger.ts'
import type { Clock } from '../../program/clock.ts'
import { withDeadline } from '../../program/waiting.ts'
import type { ObjectRef } from '../../api/kubernetes.ts'
import { keyOf } from '../../api/object-ref.ts'
import { createReconcileMeter, type ControllerMetrics, type ReconcileMeter } from './reconcile-meter.ts'
import { runReconcile, type Reconcile, type ReconcileEnd, type ReconcileRun } from './reconcile-run.ts'
import { startResync } from './resync.ts'
import type { WorkItem, WorkOutcome, WorkQueue } from './work-queue.ts'

export interface ControllerOptions {
  /** Keys that are worked on at once. */
  readonly workers: number
  /** After so long a reconcile is told to end. Milliseconds. */
  readonly timeoutMs: number
  /** And after so much more its worker goes on without it. @default 5000 */
  readonly graceMs?: number
  /** Reconciles that may be left behind in this way. @default as many as there are workers */
  readonly maxAbandoned?: number
  /** A reconcile that goes on for so long beyond its time, or ready keys of which none is taken for so long, make the controller stuck. @default 5 min */
  readonly stuckAfterMs?: number
  /** How often every key is looked at although nothing was heard of it. Milliseconds. */
  readonly resyncPeriodMs: number
}

export interface ControllerParts {
  /** In metrics: `realtimechannel`. */
  readonly name: string
  readonly queue: Pick<WorkQueue, 'add' | 'take' | 'done' | 'readyCount'>
  readonly reconcile: Reconcile
  /** All keys there are, for the resync. */
  readonly keys: () => Iterable<ObjectRef>
  readonly options: ControllerOptions
  readonly metrics: ControllerMetrics
  readonly logger: Logger
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
}

/** A key that is being worked on. */
export interface InProgress {
  readonly ref: ObjectRef
  /** Of the clock that never goes back. */
  readonly startedAtMs: number
  readonly startedAtWallMs: number
  /** Its worker has gone on without it. */
  readonly isAbandoned: boolean
}

export interface Controller {
  /** Once. */
  start(): void
  /**
   * Takes no more keys, and waits for the reconciles in progress until the deadline; then tells them to end and waits `graceMs` more. May be called
   * again, with a shorter deadline too.
   * @returns the keys whose reconciles go on all the same: until the process ends, they may write
   */
  stop(options: { readonly deadlineMs: number }): Promise<readonly ObjectRef[]>
  inProgress(): readonly InProgress[]
  /** Why only a restart of the process would help, for `/livez`; null: it would not. */
  stuck(): string | null
}

/**
 * Workers that take keys from a queue and reconcile them. Whatever a reconcile does, the others go on:
 *
 * - It fails, or throws: the key comes back with a back-off. A throw is a bug and logged as one.
 * - It takes too long: its signal is aborted. Every wait of a well-written reconcile ends then.
 * - It ignores its signal. Nothing in JavaScript can end it. To wait for it would, with a handful of such keys, leave no worker for all
 *   others; to hand the key to another worker would let two work on it at once, of which the older writes what it read long ago. So the
 *   worker leaves it behind and takes other keys, while its key stays occupied until it really ends: the queue is told `done` only then. Each one
 *   that is left behind holds memory and maybe connections, therefore they are counted against `maxAbandoned`; beyond it, workers do wait. And
 *   because its key is not looked after meanwhile, the controller is `stuck` when that lasts, and the process is restarted.
 */
export function createController(parts: ControllerParts): Controller {
  return new KeyController(parts)
}

interface Working extends InProgress {
  readonly run: ReconcileRun
  /** When the queue was told. */
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
  /** When a key was last taken or finished. */
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
    for (let n = 0; n < this.#options.workers; n += 1) void this.#work() // never rejects but for bugs in the queue, which should end the process
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
    return isStill ? `keys are waiting, and none was taken for ${seconds(now - this.#movedAtMs)}` : null
  }

  async #work(): Promise<void> {
    const { queue } = this.#parts
    const { signal } = this.#stopping
    for (let item = await queue.take(signal); item !== null; item = await queue.take(signal)) {
      // `stop` came in the moment between the hand-over and here, and has not counted this one.
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
    // What was cancelled because the controller stops is no failure.
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
    this.#parts.logger.error(
      { namespace, object: name, timeoutMs: this.#options.timeoutMs, mayGoOn },
      'a reconcile does not end although its time is over; its key waits until it does',
    )
  }

  #log({ ref: { namespace, name }, failures }: WorkItem, end: ReconcileEnd): void {
    const { logger } = this.#parts
    const fields = { namespace, object: name, attempt: failures + 1 }
    if (end.kind === 'threw') logger.error({ ...fields, err: end.error }, 'a reconcile threw, which is a bug; it is tried again')
    if (end.kind === 'cancelled')
      logger.warn({ ...fields, timeoutMs: this.#options.timeoutMs }, 'a reconcile took too long and was ended; it is tried again')
    if (end.kind === 'retry') logger.warn({ ...fields, reason: end.reason }, 'a reconcile failed; it is tried again')
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
