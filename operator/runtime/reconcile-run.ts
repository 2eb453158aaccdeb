import type { ObjectRef } from '../../api/kubernetes.ts'
import type { Priority } from './priority.ts'

/** Result of a reconcile. Expected failures are `retry`. A throw is a bug. */
export type ReconcileResult =
  | { readonly kind: 'done' }
  /** The reconcile waits for something outside of Kubernetes. */
  | { readonly kind: 'requeue'; readonly afterMs: number }
  /** A failure that may pass soon. `reason` is for the log line. */
  | { readonly kind: 'retry'; readonly reason: string }

export interface ReconcileContext {
  /**
   * Aborts when the time of the reconcile is over, or when the controller cannot wait any longer. The reconcile should end as soon as it
   * can.
   */
  readonly signal: AbortSignal
  readonly priority: Priority
}

export type Reconcile = (ref: ObjectRef, context: ReconcileContext) => Promise<ReconcileResult>

/** The way in which a reconcile ended. cancelled: it followed its signal and threw the reason. */
export type ReconcileEnd = ReconcileResult | { readonly kind: 'threw'; readonly error: unknown } | { readonly kind: 'cancelled' }

/** A reconcile in progress. */
export interface ReconcileRun {
  /** Resolves when the reconcile has really ended. Never rejects. */
  readonly ended: Promise<ReconcileEnd>
  /** Resolves when the reconcile has ended or, at the latest, when the grace after its time-out is over. */
  readonly slotFree: Promise<void>
  isTimedOut(): boolean
  hasEnded(): boolean
  /** Aborts the signal of the reconcile. */
  cancel(): void
}

export interface RunLimits {
  /** Time after which the signal aborts. Milliseconds. */
  readonly timeoutMs: number
  /** Time that the reconcile has to end after that. Milliseconds. */
  readonly graceMs: number
}

/**
 * Starts a reconcile and enforces its time limit. JavaScript cannot end a function that does not end by itself. So there are two ends:
 * after `slotFree` other keys need not wait any more, and before `ended` no other worker may take the key.
 */
export function runReconcile(
  reconcile: Reconcile,
  ref: ObjectRef,
  { priority, timeoutMs, graceMs }: RunLimits & { readonly priority: Priority },
): ReconcileRun {
  const cancelling = new AbortController()
  const overdue = Promise.withResolvers<void>()
  let isTimedOut = false
  let hasEnded = false
  let timer = setTimeout(() => {
    isTimedOut = true
    cancelling.abort(new DOMException(`the reconcile took more than ${timeoutMs} ms`, 'AbortError'))
    timer = setTimeout(overdue.resolve, graceMs)
  }, timeoutMs)
  const ended = settle(reconcile, ref, { signal: cancelling.signal, priority }).finally(() => {
    hasEnded = true
    clearTimeout(timer)
  })
  return {
    ended,
    slotFree: Promise.race([ended.then(() => undefined), overdue.promise]),
    isTimedOut: () => isTimedOut,
    hasEnded: () => hasEnded,
    cancel: () => cancelling.abort(new DOMException('the controller stops', 'AbortError')),
  }
}

/** Runs the reconcile. Catches also a throw before the first await. */
async function settle(reconcile: Reconcile, ref: ObjectRef, context: ReconcileContext): Promise<ReconcileEnd> {
  try {
    return await reconcile(ref, context)
  } catch (error) {
    return isCancellation(error, context.signal) ? { kind: 'cancelled' } : { kind: 'threw', error }
  }
}

/** Returns true if the error is the effect of the abort. Other errors after a time-out are bugs, as before it. */
function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'))
}

/** A key that a worker works on. */
export interface InProgress {
  readonly ref: ObjectRef
  /** Time of the monotonic clock. */
  readonly startedAtMs: number
  readonly startedAtWallMs: number
  /** Its worker has left it behind and takes other keys. */
  readonly isAbandoned: boolean
}
