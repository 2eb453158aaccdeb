import type { Logger } from '../../program/log/logger.ts'
import type { OperatorMetrics } from '../observability/metrics.ts'
import { systemTimers, type Clock, type Timers } from '../../program/clock.ts'
import { sleep, withDeadline } from '../../program/waiting.ts'
import type { KubernetesObject, ObjectRef } from '../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from './kubernetes-api.ts'
import { createLeaseClient, type LeaseClient } from './lease-client.ts'
import { mayTake, newLease, observeLease, readLease, type ObservedLease } from './lease.ts'

export interface LeaderElectionOptions {
  readonly lease: ObjectRef
  /** Identity of this process alone. See `uniqueIdentity`. */
  readonly identity: string
  /** Time without a renewal after which another process may take the Lease. Milliseconds. @default 15000 */
  readonly durationMs?: number
  /**
   * Time without a successful renewal after which the leader ends its term. Must be shorter than the duration: calls under way end in the
   * difference. Milliseconds. @default 10000
   */
  readonly renewDeadlineMs?: number
  /** Period of renewals by the leader, and of reads by waiting processes. Milliseconds. @default 2000 */
  readonly retryPeriodMs?: number
}

export interface LeaderElectionParts {
  readonly api: Pick<KubernetesApi, 'get' | 'create' | 'update'>
  readonly options: LeaderElectionOptions
  readonly metrics: Pick<OperatorMetrics, 'leader'>
  readonly logger: Logger
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** @default Node's */
  readonly timers?: Timers
}

/**
 * Reason why a term ends, as the `reason` of its signal. lost: end now, another process may start soon. stopped: end in order, the Lease is
 * kept until then.
 */
export type TermEnd = 'lost' | 'stopped'

export interface LeaderCallbacks {
  /**
   * Called when a term starts. Resolves when the work has ended, which must happen soon after the signal aborts. If the work ends earlier,
   * the term ends too.
   */
  readonly onStarted: (signal: AbortSignal) => Promise<void>
  /** Called when the term was lost. The signal has aborted already. */
  readonly onLost: (reason: string) => void
}

export interface LeaderElection {
  /** Returns true while it is certain that no other process leads. Checked right before each write. */
  isLeader(): boolean
  /** Waits for the Lease, leads one term, and resolves when the work of that term has ended. May be called again after that. */
  run(callbacks: LeaderCallbacks): Promise<TermEnd>
  /**
   * Ends the term in order: aborts the work, renews the Lease until the work has ended, then releases it.
   * When the work has not ended at the deadline, the Lease expires by itself. Idempotent.
   */
  stop(options: { readonly deadlineMs: number }): Promise<void>
}

/**
 * Elects one leader among several processes, by a Lease that the API server keeps.
 *
 * The naive way is a flag. A renewal sets it, and a timer clears it when renewals have failed for too long. Suppose that the process is
 * stopped for a minute (SIGSTOP, a frozen cgroup, a machine that is moved). It wakes up with the flag still set. The timer that clears
 * the flag waits in line behind everything else that is due, while another process has taken over. So `isLeader` compares times whenever it
 * is called, and a term that is over by the clock never comes back. The timer only stops the work when no caller asks.
 *
 * Why two processes are never leaders at once. Let `s` be the true time when the leader sent its last successful renewal.
 * 1. The leader counts from `s`, not from the response. It is leader before `s + renewDeadline`, and never again in this term.
 * 2. The server stored the renewal at `s` or later. Another process sees that state after `s` at the earliest. It takes the Lease only
 *    after it has seen the state unchanged for `duration`, on its own clock: not before `s + duration`.
 * 3. `renewDeadline < duration`. The difference (5 s) is the time for a call that passed the check just before the end to arrive. It is
 *    also the margin for clocks that run at different speeds. Clocks need not agree: no process compares another's time with its own.
 * 4. Between the read and the take, the leader may still renew. The taker replaces the version that it has read, so it gets a conflict.
 *    The same holds for two takers and for requests that arrive late: each write is for one version of the Lease.
 * 5. A renewal that failed may have been stored (its response was lost). Then other processes wait longer than necessary. The leader is not
 *    affected: it counts from the last renewal that it knows of.
 * 6. The Lease is released only when the work has ended. A term starts only when the work of the term before has ended.
 * A machine that sleeps may stop the monotonic clock. So a leader trusts the faster of two clocks, and a waiting process trusts the slower.
 *
 * The remaining risk: if a person deletes the Lease, a process that never saw it may start at once. The leader ends its term when it finds
 * the Lease gone.
 */
export function createLeaderElection(parts: LeaderElectionParts): LeaderElection {
  return new LeaseElection(parts)
}

interface Moment {
  readonly ms: number
  readonly wallMs: number
}

interface Term {
  /** The Lease as the server returned it last. */
  lease: KubernetesObject
  /** Time when the last successful renewal was sent. */
  renewedAt: Moment
  /** Aborts the work. */
  readonly work: AbortController
  /** Aborts the renewals. */
  readonly over: AbortController
  readonly onLost: (reason: string) => void
  cancelDeadline: () => void
}

class LeaseElection implements LeaderElection {
  readonly #parts: LeaderElectionParts
  readonly #options: Required<LeaderElectionOptions>
  readonly #timers: Timers
  readonly #client: LeaseClient
  readonly #stopping = new AbortController()
  #observed: ObservedLease | null = null
  #lastFailure = ''
  #term: Term | null = null
  #running: Promise<unknown> = Promise.resolve()

  constructor(parts: LeaderElectionParts) {
    this.#parts = parts
    this.#options = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000, ...parts.options }
    this.#timers = parts.timers ?? systemTimers
    const { durationMs, renewDeadlineMs, retryPeriodMs } = this.#options
    if (!(durationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs * 1.2))
      throw new RangeError(
        `a lease needs duration > renew deadline > 1.2 * retry period, not ${durationMs}, ${renewDeadlineMs}, ${retryPeriodMs} ms`,
      )
    this.#client = createLeaseClient({
      ...this.#options,
      api: parts.api,
      timeoutMs: renewDeadlineMs / 2,
      clock: parts.clock,
      timers: this.#timers,
    })
  }

  isLeader(): boolean {
    const term = this.#term
    if (term === null) return false
    if (this.#sinceMs(term.renewedAt) < this.#options.renewDeadlineMs) return true
    this.#lose(term, `the Lease could not be renewed within ${this.#options.renewDeadlineMs} ms`)
    return false
  }

  run(callbacks: LeaderCallbacks): Promise<TermEnd> {
    const running = this.#run(callbacks)
    this.#running = running.catch(() => undefined) // the caller of `run` gets the error
    return running
  }

  async stop({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#stopping.abort()
    this.#term?.work.abort('stopped' satisfies TermEnd)
    await withDeadline(this.#running, deadlineMs, () => undefined, this.#timers)
    if (this.#term !== null) this.#end(this.#term)
  }

  async #run(callbacks: LeaderCallbacks): Promise<TermEnd> {
    const term = await this.#acquire(callbacks)
    if (term === null) return 'stopped'
    const renewing = this.#keepRenewing(term)
    try {
      // Otherwise the Lease was acquired at the moment of the stop. It is released.
      if (!this.#stopping.signal.aborted) await callbacks.onStarted(term.work.signal)
    } finally {
      const isHeld = this.isLeader()
      this.#end(term)
      await renewing
      if (isHeld) await this.#release(term)
    }
    return term.work.signal.reason === 'lost' ? 'lost' : 'stopped'
  }

  // ---- waiting for the Lease

  async #acquire({ onLost }: LeaderCallbacks): Promise<Term | null> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const taken = await this.#tryToTake()
      if (taken !== null) return this.#begin(taken, onLost)
      // Jitter: waiting processes must not all read at the same time.
      if (!signal.aborted) await sleep(this.#options.retryPeriodMs * (1 + 0.2 * this.#parts.random()), [signal], this.#timers)
    }
    return null
  }

  async #tryToTake(): Promise<Pick<Term, 'lease' | 'renewedAt'> | null> {
    const found = await this.#client.read()
    if (found.ok) {
      return this.#isFree(this.#see(found.value)) ? this.#take(found.value) : null
    }
    if (found.error.kind !== 'not-found') return this.#failed('lease not read', found.error)
    // The Lease was deleted. Its holder may not know yet, so it keeps the time that it would have had otherwise.
    return this.#observed === null || this.#isFree(this.#observed) ? this.#take(newLease(this.#options.lease)) : null
  }

  #see(lease: KubernetesObject): ObservedLease {
    this.#lastFailure = ''
    this.#observed = observeLease(this.#observed, lease, this.#parts.clock.now())
    return this.#observed
  }

  #isFree(observed: ObservedLease): boolean {
    return mayTake(observed, this.#options.identity, { nowMs: this.#parts.clock.now(), durationMs: this.#options.durationMs })
  }

  /** Writes this process into the Lease. @param seen the version that is replaced */
  async #take(seen: KubernetesObject): Promise<Pick<Term, 'lease' | 'renewedAt'> | null> {
    if (this.#stopping.signal.aborted) return null
    const renewedAt = this.#moment()
    const answer = await this.#client.hold(seen)
    if (!answer.ok) return this.#failed('lease not taken', answer.error)
    this.#see(answer.value)
    return this.#sinceMs(renewedAt) < this.#options.renewDeadlineMs ? { lease: answer.value, renewedAt } : null
  }

  // ---- leading

  #begin({ lease, renewedAt }: Pick<Term, 'lease' | 'renewedAt'>, onLost: (reason: string) => void): Term {
    const term: Term = { lease, renewedAt, work: new AbortController(), over: new AbortController(), onLost, cancelDeadline: () => {} }
    this.#term = term
    this.#watchDeadline(term)
    this.#parts.metrics.leader.set(1, { name: this.#options.lease.name })
    this.#parts.logger.info({ lease: this.#options.lease.name, identity: this.#options.identity }, 'became leader')
    return term
  }

  /** Renews until the term ends. Never rejects. */
  async #keepRenewing(term: Term): Promise<void> {
    while (this.#term === term) {
      await sleep(this.#options.retryPeriodMs, [term.over.signal], this.#timers)
      if (this.isLeader() && this.#term === term) await this.#renew(term)
    }
  }

  async #renew(term: Term, isSecondTry = false): Promise<void> {
    const sentAt = this.#moment()
    const answer = await this.#client.hold(term.lease)
    // The response may arrive when the term is over by the clock. Then it does not count.
    if (this.#term !== term || !this.isLeader()) return
    if (answer.ok) {
      term.lease = answer.value
      term.renewedAt = sentAt
      this.#see(answer.value)
      this.#watchDeadline(term)
    } else if (answer.error.kind === 'conflict' && !isSecondTry) await this.#resolveConflict(term)
    else if (answer.error.kind === 'not-found') this.#lose(term, 'the Lease was deleted')
    else this.#failed('lease not renewed', answer.error)
  }

  /**
   * Handles a conflict. The Lease was changed by our own request whose response was lost, by a person, or by another process that has taken
   * it.
   */
  async #resolveConflict(term: Term): Promise<void> {
    const found = await this.#client.read()
    if (this.#term !== term || !this.isLeader()) return
    if (!found.ok) {
      if (found.error.kind === 'not-found') this.#lose(term, 'the Lease was deleted')
      else this.#failed('lease not read', found.error)
      return
    }
    this.#see(found.value)
    const { holder } = readLease(found.value)
    if (holder === this.#options.identity) {
      term.lease = found.value
      await this.#renew(term, true)
    } else this.#lose(term, holder === '' ? 'the Lease was released' : `${holder} holds the Lease`)
  }

  #watchDeadline(term: Term): void {
    term.cancelDeadline()
    const leftMs = this.#options.renewDeadlineMs - this.#sinceMs(term.renewedAt)
    // A check is enough: it ends a term that is over. A timer that fires early is set again.
    term.cancelDeadline = this.#timers.after(Math.max(1, leftMs), () => {
      if (this.isLeader() && this.#term === term) this.#watchDeadline(term)
    })
  }

  // ---- ends

  #lose(term: Term, reason: string): void {
    if (this.#term !== term) return
    this.#end(term)
    term.work.abort('lost' satisfies TermEnd)
    this.#parts.logger.error({ lease: this.#options.lease.name, identity: this.#options.identity, reason }, 'lost leadership')
    term.onLost(reason)
  }

  #end(term: Term): void {
    if (this.#term !== term) return
    this.#term = null
    term.cancelDeadline()
    term.over.abort()
    this.#parts.metrics.leader.set(0, { name: this.#options.lease.name })
  }

  /** Gives the Lease back. If that fails, the Lease expires. */
  async #release(term: Term): Promise<void> {
    const answer = await this.#client.free(term.lease)
    if (answer.ok) this.#see(answer.value)
    if (answer.ok || answer.error.kind !== 'conflict') return
    const found = await this.#client.read()
    if (found.ok && readLease(found.value).holder === this.#options.identity) await this.#client.free(found.value)
  }

  // ---- parts

  /** Logs a failure once, until the failure changes: attempts repeat every two seconds. */
  #failed(message: string, { kind, message: reason }: ApiError): null {
    // Two processes raced for the Lease. One of them gets a conflict, as expected.
    const isRace = kind === 'conflict' || kind === 'already-exists'
    const isKnown = this.#lastFailure === `${message} ${kind}`
    this.#lastFailure = `${message} ${kind}`
    this.#parts.logger[isRace || isKnown ? 'debug' : 'warn']({ lease: this.#options.lease.name, kind, reason }, message)
    return null
  }

  #moment(): Moment {
    return { ms: this.#parts.clock.now(), wallMs: this.#parts.clock.wallNow() }
  }

  /** Returns the time since a moment, by the faster of the two clocks. */
  #sinceMs({ ms, wallMs }: Moment): number {
    return Math.max(this.#parts.clock.now() - ms, this.#parts.clock.wallNow() - wallMs)
  }
}
