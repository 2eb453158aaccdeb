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
  /** Of this process alone: see `uniqueIdentity`. */
  readonly identity: string
  /** A Lease that has not been renewed for so long may be taken. @default 15000 */
  readonly durationMs?: number
  /** A leader that could not renew for so long is none any more. Less than the duration: the difference is what calls under way have to end. @default 10000 */
  readonly renewDeadlineMs?: number
  /** How often it is renewed, and looked at by those who wait. @default 2000 */
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

/** Why a term ends, as the `reason` of its signal. lost: end now, another may begin soon. stopped: end in order, the Lease is kept meanwhile. */
export type TermEnd = 'lost' | 'stopped'

export interface LeaderCallbacks {
  /** A term begins. Resolves when the work has ended, which it must soon after the signal is aborted; if earlier, the term ends with it. */
  readonly onStarted: (signal: AbortSignal) => Promise<void>
  /** The term is over, against our will. The signal is aborted already. */
  readonly onLost: (reason: string) => void
}

export interface LeaderElection {
  /** Is it certain that nobody else leads? To be asked right before each write. */
  isLeader(): boolean
  /** Waits for the Lease, leads one term, and resolves when the work of that term has ended. May be called again after that. */
  run(callbacks: LeaderCallbacks): Promise<TermEnd>
  /**
   * Ends the term in order: the work is told to end, the Lease is renewed until it has, and is then given to whoever wants it. When the work has not
   * ended at the deadline, the Lease is left to expire. Idempotent.
   */
  stop(options: { readonly deadlineMs: number }): Promise<void>
}

/**
 * One of several processes leads, by a Lease that the API server keeps.
 *
 * The naive way is a flag that is set when the Lease was renewed and cleared by a timer when renewing has failed for too long. A process that is
 * stopped for a minute (SIGSTOP, a frozen cgroup, a machine that is moved) wakes up with the flag still set, and the timer that would clear it
 * stands in line behind everything else that is due. Meanwhile another has taken over. So `isLeader` compares times, whenever it is asked, and a term
 * that is over by the clock is over for good. The timer only sees to it that the work hears of it when nobody asks.
 *
 * Why two are never leaders at once. Let a leader's last successful renewal have been sent at `s`, by the true time.
 * 1. The leader counts from `s`, not from the answer: it is leader before `s + renewDeadline` and never again after that in this term.
 * 2. The server carried out the renewal at `s` or later. Another process has seen that state first after that, and takes the Lease not
 *    before it has seen it unchanged for `duration`, on its own clock: not before `s + duration`.
 * 3. `renewDeadline < duration`. The difference (5 s) is the time for a call that passed the guard just before the end to arrive, and the
 *    margin for clocks that run at different speeds. Clocks need not show the same time: nobody compares another's with its own.
 * 4. Between seeing and taking, the leader may renew after all. The taker replaces the version that it has seen, so it gets a conflict.
 *    The same holds for two takers, and for requests that arrive late: each is for one version of the Lease.
 * 5. A renewal that failed may have been carried out (its answer was lost). Then others wait for longer than they had to. Nothing follows
 *    from it for the leader, who counts from the last one that it knows of.
 * 6. A Lease is given back only when the work has ended, and a term does not begin before the work of the one before has.
 * A machine that sleeps may stop the clock that never goes back, so a leader trusts the faster of two clocks, and one who waits the slower.
 *
 * What remains: whoever deletes the Lease by hand lets a process that never saw it begin at once. The leader ends its term when it finds it gone.
 */
export function createLeaderElection(parts: LeaderElectionParts): LeaderElection {
  return new LeaseElection(parts)
}

interface Moment {
  readonly ms: number
  readonly wallMs: number
}

interface Term {
  /** As the server answered it last. */
  lease: KubernetesObject
  /** When the last successful renewal was sent. */
  renewedAt: Moment
  /** Told to the work. */
  readonly work: AbortController
  /** Aborted: nothing is renewed any more. */
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
    this.#running = running.catch(() => undefined) // whoever called `run` is told
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
      // Else the Lease came in the moment of the stop, and goes back.
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
      // Those who wait should not all ask at the same time.
      if (!signal.aborted) await sleep(this.#options.retryPeriodMs * (1 + 0.2 * this.#parts.random()), [signal], this.#timers)
    }
    return null
  }

  async #tryToTake(): Promise<Pick<Term, 'lease' | 'renewedAt'> | null> {
    const found = await this.#client.read()
    if (found.ok) {
      return this.#isFree(this.#see(found.value)) ? this.#take(found.value) : null
    }
    if (found.error.kind !== 'not-found') return this.#failed('the Lease could not be read', found.error)
    // It was deleted. Its holder, who may not know yet, has the time that it would have had otherwise.
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

  /** @param seen the version that is replaced */
  async #take(seen: KubernetesObject): Promise<Pick<Term, 'lease' | 'renewedAt'> | null> {
    if (this.#stopping.signal.aborted) return null
    const renewedAt = this.#moment()
    const answer = await this.#client.hold(seen)
    if (!answer.ok) return this.#failed('the Lease could not be taken', answer.error)
    this.#see(answer.value)
    return this.#sinceMs(renewedAt) < this.#options.renewDeadlineMs ? { lease: answer.value, renewedAt } : null
  }

  // ---- leading

  #begin({ lease, renewedAt }: Pick<Term, 'lease' | 'renewedAt'>, onLost: (reason: string) => void): Term {
    const term: Term = { lease, renewedAt, work: new AbortController(), over: new AbortController(), onLost, cancelDeadline: () => {} }
    this.#term = term
    this.#watchDeadline(term)
    this.#parts.metrics.leader.set(1, { name: this.#options.lease.name })
    this.#parts.logger.info({ lease: this.#options.lease.name, identity: this.#options.identity }, 'this process leads now')
    return term
  }

  /** Never rejects; ends with the term. */
  async #keepRenewing(term: Term): Promise<void> {
    while (this.#term === term) {
      await sleep(this.#options.retryPeriodMs, [term.over.signal], this.#timers)
      if (this.isLeader() && this.#term === term) await this.#renew(term)
    }
  }

  async #renew(term: Term, isSecondTry = false): Promise<void> {
    const sentAt = this.#moment()
    const answer = await this.#client.hold(term.lease)
    // The answer may have come when the term was over by the clock, and then it does not count.
    if (this.#term !== term || !this.isLeader()) return
    if (answer.ok) {
      term.lease = answer.value
      term.renewedAt = sentAt
      this.#see(answer.value)
      this.#watchDeadline(term)
    } else if (answer.error.kind === 'conflict' && !isSecondTry) await this.#lookAgain(term)
    else if (answer.error.kind === 'not-found') this.#lose(term, 'the Lease was deleted')
    else this.#failed('the Lease could not be renewed', answer.error)
  }

  /** Somebody changed it: we ourselves, with a request whose answer was lost; a person; or another process, which has taken it. */
  async #lookAgain(term: Term): Promise<void> {
    const found = await this.#client.read()
    if (this.#term !== term || !this.isLeader()) return
    if (!found.ok) {
      if (found.error.kind === 'not-found') this.#lose(term, 'the Lease was deleted')
      else this.#failed('the Lease could not be read', found.error)
      return
    }
    this.#see(found.value)
    const { holder } = readLease(found.value)
    if (holder === this.#options.identity) {
      term.lease = found.value
      await this.#renew(term, true)
    } else this.#lose(term, holder === '' ? 'the Lease was set free' : `${holder} holds the Lease`)
  }

  #watchDeadline(term: Term): void {
    term.cancelDeadline()
    const leftMs = this.#options.renewDeadlineMs - this.#sinceMs(term.renewedAt)
    // Asking is enough: it ends a term that is over. A timer that fires early is set again.
    term.cancelDeadline = this.#timers.after(Math.max(1, leftMs), () => {
      if (this.isLeader() && this.#term === term) this.#watchDeadline(term)
    })
  }

  // ---- ends

  #lose(term: Term, reason: string): void {
    if (this.#term !== term) return
    this.#end(term)
    term.work.abort('lost' satisfies TermEnd)
    this.#parts.logger.error({ lease: this.#options.lease.name, identity: this.#options.identity, reason }, 'this process leads no longer')
    term.onLost(reason)
  }

  #end(term: Term): void {
    if (this.#term !== term) return
    this.#term = null
    term.cancelDeadline()
    term.over.abort()
    this.#parts.metrics.leader.set(0, { name: this.#options.lease.name })
  }

  /** If it fails, the Lease expires. */
  async #release(term: Term): Promise<void> {
    const answer = await this.#client.free(term.lease)
    if (answer.ok) this.#see(answer.value)
    if (answer.ok || answer.error.kind !== 'conflict') return
    const found = await this.#client.read()
    if (found.ok && readLease(found.value).holder === this.#options.identity) await this.#client.free(found.value)
  }

  // ---- parts

  /** Said once, until it is another failure: it is tried again every two seconds. */
  #failed(message: string, { kind, message: reason }: ApiError): null {
    // Two who want it at the same time: one is told so, and that is how it should be.
    const isRace = kind === 'conflict' || kind === 'already-exists'
    const isKnown = this.#lastFailure === `${message} ${kind}`
    this.#lastFailure = `${message} ${kind}`
    this.#parts.logger[isRace || isKnown ? 'debug' : 'warn']({ lease: this.#options.lease.name, kind, reason }, message)
    return null
  }

  #moment(): Moment {
    return { ms: this.#parts.clock.now(), wallMs: this.#parts.clock.wallNow() }
  }

  /** By the faster of the two clocks. */
  #sinceMs({ ms, wallMs }: Moment): number {
    return Math.max(this.#parts.clock.now() - ms, this.#parts.clock.wallNow() - wallMs)
  }
}
