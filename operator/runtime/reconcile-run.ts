import type { ObjectRef } from '../../api/kubernetes.ts'
import type { Priority } from './priority.ts'

/** What a reconcile makes of its key. Expected failures are `retry`; whatever is thrown is a bug. */
export type ReconcileResult =
  | { readonly kind: 'done' }
  /** Something outside of Kubernetes is waited for. */
  | { readonly kind: 'requeue'; readonly afterMs: number }
  /** Something failed that may work soon. `reason` is for the log. */
  | { readonly kind: 'retry'; readonly reason: string }

export interface ReconcileContext {
  /** Aborted when its time is over, or the controller cannot wait for it any longer: it should end as soon as it can. */
  readonly signal: AbortSignal
  readonly priority: Priority
}

export type Reconcile = (ref: ObjectRef, context: ReconcileContext) => Promise<ReconcileResult>

/** How a reconcile ended. cancelled: it did as its signal said, and threw the reason. */
export type ReconcileEnd = ReconcileResult | { readonly kind: 'threw'; readonly error: unknown } | { readonly kind: 'cancelled' }

/** A reconcile in progress. */
export interface ReconcileRun {
  /** When it really has ended, whenever that is. Never rejects. */
  readonly ended: Promise<ReconcileEnd>
  /** When it has ended or, at the latest, when its grace after the time-out is over. */
  readonly slotFree: Promise<void>
  isTimedOut(): boolean
  hasEnded(): boolean
  /** Tells it to end now. */
  cancel(): void
}

export interface RunLimits {
  /** Its signal is aborted after so many milliseconds. */
  readonly timeoutMs: number
  /** So long it may need to end after that. Milliseconds. */
  readonly graceMs: number
}

/**
 * Starts a reconcile and watches over its time. JavaScript cannot end what does not end by itself. So there are two ends: `slotFree`, after which
 * others need not wait any more, and `ended`, before which nobody else may touch the key.
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

/** A throw before the first await is caught as well. */
async function settle(reconcile: Reconcile, ref: ObjectRef, context: ReconcileContext): Promise<ReconcileEnd> {
  try {
    return await reconcile(ref, context)
  } catch (error) {
    return isCancellation(error, context.signal) ? { kind: 'cancelled' } : { kind: 'threw', error }
  }
}

/** Other errors after a time-out are bugs as before it. */
function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'))
}
