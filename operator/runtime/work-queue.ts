import { backOffMs, type BackOffBounds } from '../../program/back-off.ts'
import type { ObjectRef } from '../../api/kubernetes.ts'
import { moreUrgent, type Priority } from './priority.ts'
import type { QueueMeter } from './queue-meter.ts'
import { ReadyKeys, type ReadyPlace } from './ready-keys.ts'
import { keyOf } from '../../api/object-ref.ts'

/** A key that is handed to one worker. The worker must call `done` for it. */
export interface WorkItem {
  readonly ref: ObjectRef
  /** The most urgent reason since the key was last handed out. */
  readonly priority: Priority
  /** Number of consecutive attempts that ended with retry. */
  readonly failures: number
}

/**
 * success: nothing is left to do. retry: the attempt failed, try again after a back-off. requeue: try again after this time, without a
 * failure.
 */
export type WorkOutcome = { readonly kind: 'success' } | { readonly kind: 'retry' } | { readonly kind: 'requeue'; readonly afterMs: number }

/** Keys that wait to be worked on. See `createWorkQueue`. */
export interface WorkQueue {
  add(ref: ObjectRef, priority: Priority): void
  /** Like `add`, but after a delay, unless another add brings the key up earlier. */
  addAfter(ref: ObjectRef, afterMs: number, priority: Priority): void
  /** Returns the next key when there is one. Null: the signal aborted or the queue stopped, and no key was handed out. */
  take(signal?: AbortSignal): Promise<WorkItem | null>
  /** @throws when the key is not being worked on */
  done(ref: ObjectRef, outcome: WorkOutcome): void
  /** Ends all takes and timers. Later adds are ignored. `done` may still be called. Idempotent. */
  stop(): void
  /** Returns the number of keys that could be taken now. */
  readyCount(priority?: Priority): number
  /** Number of all keys: ready, delayed or being worked on. */
  readonly size: number
}

export interface WorkQueueParts {
  readonly meter: QueueMeter
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** @default 100 ms to 5 min */
  readonly backOff?: BackOffBounds
  /** Delay of a key after the event of a child, so that the events that follow are one piece of work with it. Milliseconds. @default 0 */
  readonly childDelayMs?: number
}

interface Entry {
  readonly key: string
  readonly ref: ObjectRef
  failures: number
  isWorkedOn: boolean
  /** Reason why the key waits, or (while it is worked on) why it must come again at once. Null: there is none. */
  wanted: Priority | null
  readySinceMs: number
  place: ReadyPlace<Entry> | null
  delay: Delay | null
}

interface Delay {
  readonly dueMs: number
  readonly priority: Priority
  readonly isBackOff: boolean
  readonly timer: NodeJS.Timeout
}

/**
 * A queue of keys, not of events. A worker that gets a key reads the current state, so a hundred changes of one channel while it waits are
 * one piece of work. The rules:
 *
 * 1. One key, one worker (O3). A key that is added while it is worked on is remembered, and comes again after `done`: the worker may have
 *    read before the change. So no add is lost: after each, a take of its key starts.
 * 2. Urgency and fairness are those of `ReadyKeys`. A key waits once, for its most urgent reason.
 * 3. A delay means "at the latest then". An earlier run of the key decides again, so an immediate add replaces a requeue.
 * 4. A back-off protects the API server and Kafka from a key that fails, so it is not easily cut short. A change by a user ends it and
 *    resets the failures: the change may well be the cure. The failure itself may cause events of children: half of the objects were
 *    applied, and each sends an event. So such an event brings the key up within `eventInBackOffMs`. A resync waits for the end of the
 *    back-off.
 * 5. Events of children come in bursts: a roll-out sends one for each pod. And another writer that takes back every heal would make the
 *    operator heal without end, as fast as both can. So such events can be delayed for a moment (`childDelayMs`), which also limits that
 *    fight.
 *
 * Delays are timers of Node, which cost the same for any number of timers, and each key has at most one. Memory grows only with the number
 * of keys. A key without work, delay or failures is forgotten.
 */
export function createWorkQueue(parts: WorkQueueParts): WorkQueue {
  return new KeyQueue(parts)
}

class KeyQueue implements WorkQueue {
  readonly #meter: QueueMeter
  readonly #now: () => number
  readonly #random: () => number
  readonly #backOff: BackOffBounds
  readonly #childDelayMs: number
  readonly #entries = new Map<string, Entry>()
  readonly #ready = new ReadyKeys<Entry>()
  readonly #takers = new Set<Taker>()
  #isStopped = false

  constructor({ meter, now, random, backOff = defaultBackOff, childDelayMs = 0 }: WorkQueueParts) {
    this.#meter = meter
    this.#now = now
    this.#random = random
    this.#backOff = backOff
    this.#childDelayMs = childDelayMs
  }

  get size(): number {
    return this.#entries.size
  }

  readyCount(priority?: Priority): number {
    return priority === undefined ? this.#ready.size : this.#ready.count(priority)
  }

  add(ref: ObjectRef, priority: Priority): void {
    if (!this.#isStopped) this.#addNow(this.#entryOf(ref), priority)
  }

  addAfter(ref: ObjectRef, afterMs: number, priority: Priority): void {
    if (this.#isStopped) return
    const entry = this.#entryOf(ref)
    if (afterMs <= 0) this.#addNow(entry, priority)
    else if (entry.wanted === null) this.#delay(entry, { afterMs: Math.max(afterMs, holdMs(entry, priority)), priority })
  }

  take(signal?: AbortSignal): Promise<WorkItem | null> {
    if (this.#isStopped || signal?.aborted === true) return Promise.resolve(null)
    const item = this.#next()
    return item === null ? waitForTurn(this.#takers, signal) : Promise.resolve(item)
  }

  done(ref: ObjectRef, outcome: WorkOutcome): void {
    const entry = this.#entries.get(keyOf(ref))
    if (entry?.isWorkedOn !== true) throw new Error(`${keyOf(ref)} is not being worked on`)
    entry.isWorkedOn = false
    this.#meter.done(entry.key)
    if (!this.#isStopped) this.#comeBack(entry, outcome)
    // The key may be worked on again already: a waiting taker got it.
    if (entry.wanted === null && entry.delay === null && !entry.isWorkedOn) this.#entries.delete(entry.key)
  }

  stop(): void {
    this.#isStopped = true
    for (const entry of this.#entries.values()) endDelay(entry)
    for (const taker of this.#takers) taker(null)
    this.#takers.clear()
  }

  #entryOf({ namespace, name }: ObjectRef): Entry {
    const key = keyOf({ namespace, name })
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const made: Entry = {
      key,
      ref: { namespace, name },
      failures: 0,
      isWorkedOn: false,
      wanted: null,
      readySinceMs: 0,
      place: null,
      delay: null,
    }
    this.#entries.set(key, made)
    return made
  }

  #addNow(entry: Entry, priority: Priority): void {
    if (priority === 'user') entry.failures = 0
    const isIdle = entry.wanted === null && !entry.isWorkedOn
    const afterMs = Math.max(holdMs(entry, priority), priority === 'child' && isIdle ? this.#childDelayMs : 0)
    if (afterMs > 0) {
      this.#delay(entry, { afterMs, priority })
      return
    }
    endDelay(entry)
    this.#want(entry, priority)
  }

  /** Marks the key as due now: puts it among the ready keys, or remembers it when a worker works on it. */
  #want(entry: Entry, priority: Priority): void {
    const wanted = entry.wanted === null ? priority : moreUrgent(entry.wanted, priority)
    if (wanted === entry.wanted) return
    entry.wanted = wanted
    if (!entry.isWorkedOn) this.#lineUp(entry, wanted)
  }

  #lineUp(entry: Entry, priority: Priority): void {
    if (entry.place === null) {
      entry.readySinceMs = this.#now()
      this.#meter.added()
    } else this.#ready.remove(entry.place)
    entry.place = this.#ready.push(entry.ref.namespace, priority, entry)
    this.#serve()
  }

  #serve(): void {
    for (const taker of this.#takers) {
      const item = this.#next()
      if (item === null) return
      this.#takers.delete(taker)
      taker(item)
    }
  }

  #next(): WorkItem | null {
    const entry = this.#ready.shift()
    if (entry === undefined) return null
    const item: WorkItem = { ref: entry.ref, priority: entry.wanted ?? 'resync', failures: entry.failures }
    entry.place = null
    entry.wanted = null
    entry.isWorkedOn = true
    this.#meter.taken(entry.key, this.#now() - entry.readySinceMs)
    return item
  }

  /** Sets a delay. The earlier of two delays holds, for the more urgent of their reasons. */
  #delay(
    entry: Entry,
    { afterMs, priority, isBackOff = false }: { readonly afterMs: number; readonly priority: Priority; readonly isBackOff?: boolean },
  ): void {
    const before = entry.delay
    endDelay(entry)
    const dueMs = Math.min(this.#now() + Math.max(0, afterMs), before?.dueMs ?? Infinity)
    const reason = moreUrgent(priority, before?.priority ?? priority)
    const timer = setTimeout(
      () => {
        entry.delay = null
        this.#want(entry, reason)
      },
      Math.min(dueMs - this.#now(), maxTimerMs),
    )
    entry.delay = { dueMs, priority: reason, isBackOff: isBackOff || before?.isBackOff === true, timer }
  }

  /** Combines the outcome of the work with the adds since it started. */
  #comeBack(entry: Entry, outcome: WorkOutcome): void {
    const { wanted } = entry
    entry.wanted = null
    if (outcome.kind === 'retry') {
      entry.failures += 1
      this.#meter.retried()
      this.#delay(entry, { afterMs: backOffMs(entry.failures, this.#backOff, this.#random()), priority: 'child', isBackOff: true })
    } else {
      entry.failures = 0
      if (outcome.kind === 'requeue') this.addAfter(entry.ref, outcome.afterMs, 'child')
    }
    if (wanted !== null) this.#addNow(entry, wanted)
  }
}

type Taker = (item: WorkItem | null) => void

function endDelay(entry: Entry): void {
  if (entry.delay !== null) clearTimeout(entry.delay.timer)
  entry.delay = null
}

/**
 * Returns how long a back-off holds the key back, at least. `delay` keeps the earlier of two, so Infinity means until the end of the
 * back-off.
 */
function holdMs({ delay }: Entry, priority: Priority): number {
  if (delay?.isBackOff !== true || priority === 'user') return 0
  return priority === 'child' ? eventInBackOffMs : Infinity
}

/** Waits for a key. There is at most one taker per worker. */
function waitForTurn(takers: Set<Taker>, signal: AbortSignal | undefined): Promise<WorkItem | null> {
  return new Promise((resolve) => {
    const taker: Taker = (item) => {
      signal?.removeEventListener('abort', giveUp)
      resolve(item)
    }
    const giveUp = (): void => {
      takers.delete(taker)
      resolve(null)
    }
    signal?.addEventListener('abort', giveUp, { once: true })
    takers.add(taker)
  })
}

const defaultBackOff: BackOffBounds = { firstMs: 100, maxMs: 300_000 }

/** Longest wait of a child's event for a key in back-off. */
export const eventInBackOffMs = 1_000

/** Longest delay of Node's timers. A key with a longer delay comes early, which does no harm. */
const maxTimerMs = 2_147_483_647
