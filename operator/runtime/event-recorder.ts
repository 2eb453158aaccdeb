import { randomBytes } from 'node:crypto'
import type { Logger } from '../../program/log/logger.ts'
import type { OperatorMetrics } from '../observability/metrics.ts'
import type { Clock } from '../../program/clock.ts'
import { withDeadline } from '../../program/waiting.ts'
import { eventType, namespaceOf, renderEvent, renderSeries, type EventSource, type RecordedEvent, type Regarding } from './event-object.ts'
import type { KubernetesObject, ObjectRef } from '../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from './kubernetes-api.ts'

export interface EventRecorderParts {
  readonly api: Pick<KubernetesApi, 'create' | 'mergePatch'>
  /** Identity of this process. People see it as the writer of the Event. */
  readonly identity: string
  readonly metrics: Pick<OperatorMetrics, 'eventsDropped'>
  readonly logger: Logger
  readonly clock: Clock
  readonly limits?: Partial<EventLimits>
}

export interface EventLimits {
  /** Time within which the same Event is counted in its series. Milliseconds. @default 6 min */
  readonly seriesWindowMs: number
  /** Shortest time between two writes of a series' count. Milliseconds. @default 1 min */
  readonly seriesPeriodMs: number
  /** Number of new Events that one object may have at once. @default 25 */
  readonly burstPerObject: number
  /** Time after which an object may have one more. Milliseconds. @default 5 min */
  readonly refillMs: number
  /** Maximum number of Events, and of objects, that are remembered. @default 4096 */
  readonly maxRemembered: number
  /** Maximum number of Events that wait to be written. @default 512 */
  readonly maxPending: number
}

/** Writes Kubernetes Events, best effort. Nothing here blocks, throws or fails a reconcile. */
export interface EventRecorder {
  record(regarding: Regarding, event: RecordedEvent): void
  /** Accepts no more Events, and waits until the pending ones are written or the deadline is over. Idempotent. */
  stop(options: { readonly deadlineMs: number }): Promise<void>
}

/**
 * Events are for people, and each costs the API server as much as any object. So the recorder limits them:
 * - The same Event again becomes the count of a series, which is written at most once a minute.
 * - An object with too many Events gets no more for a while.
 * - One Event is written at a time. When the API server is slow or away, a bounded number of Events waits.
 *
 * Every Event that is left out counts in `carillon_operator_events_dropped_total`.
 */
export function createEventRecorder(parts: EventRecorderParts): EventRecorder {
  return new Recorder(parts)
}

interface Remembered {
  readonly ref: ObjectRef
  count: number
  lastSeenMs: number
  lastSeenWallMs: number
  lastWrittenMs: number
  isPending: boolean
}

interface Budget {
  left: number
  atMs: number
}

/** A write that is pending: a new Event, or the count of a series at the time of the write. */
interface Pending {
  readonly key: string
  readonly remembered: Remembered
  readonly object: KubernetesObject | null
}

class Recorder implements EventRecorder {
  readonly #parts: EventRecorderParts
  readonly #limits: EventLimits
  readonly #source: EventSource
  readonly #recent = new Map<string, Remembered>()
  readonly #budgets = new Map<string, Budget>()
  readonly #pending: Pending[] = []
  #sending: Promise<void> | null = null
  #isStopped = false

  constructor(parts: EventRecorderParts) {
    this.#parts = parts
    this.#limits = { ...defaultLimits, ...parts.limits }
    this.#source = { controller: 'carillon.dev/operator', instance: parts.identity }
  }

  record(regarding: Regarding, event: RecordedEvent): void {
    if (this.#isStopped) return this.#drop('stopped')
    const { metadata } = regarding
    const object = metadata.uid ?? `${regarding.kind}/${namespaceOf(regarding)}/${metadata.name}`
    const key = JSON.stringify([object, event.type, event.reason, event.action, event.note])
    const known = this.#recent.get(key)
    if (known !== undefined && this.#now() - known.lastSeenMs < this.#limits.seriesWindowMs) this.#again(key, known)
    else if (this.#pending.length >= this.#limits.maxPending) this.#drop('queue-full')
    else if (!this.#takeFromBudget(object)) this.#drop('object-limit')
    else this.#first(key, regarding, event)
  }

  async stop({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#isStopped = true
    if (this.#sending === null) return
    await withDeadline(this.#sending, deadlineMs, () => undefined)
    for (const _ of this.#pending.splice(0)) this.#drop('stopped')
  }

  #first(key: string, regarding: Regarding, event: RecordedEvent): void {
    const wallMs = this.#parts.clock.wallNow()
    const object = renderEvent(regarding, event, { source: this.#source, suffix: randomBytes(8).toString('hex'), wallMs })
    const ref = { namespace: namespaceOf(regarding), name: object.metadata.name }
    const remembered: Remembered = {
      ref,
      count: 1,
      lastSeenMs: this.#now(),
      lastSeenWallMs: wallMs,
      lastWrittenMs: this.#now(),
      isPending: false,
    }
    remember(this.#recent, key, remembered, this.#limits.maxRemembered)
    this.#send({ key, remembered, object })
  }

  #again(key: string, known: Remembered): void {
    known.count += 1
    known.lastSeenMs = this.#now()
    known.lastSeenWallMs = this.#parts.clock.wallNow()
    remember(this.#recent, key, known, this.#limits.maxRemembered)
    // If this count is not written now, the next occurrence writes it.
    const isDue = this.#now() - known.lastWrittenMs >= this.#limits.seriesPeriodMs
    if (isDue && !known.isPending && this.#pending.length < this.#limits.maxPending) this.#send({ key, remembered: known, object: null })
  }

  #takeFromBudget(object: string): boolean {
    const { burstPerObject, refillMs, maxRemembered } = this.#limits
    const now = this.#now()
    const { left, atMs } = this.#budgets.get(object) ?? { left: burstPerObject, atMs: now }
    const refilled = Math.min(burstPerObject, left + (now - atMs) / refillMs)
    remember(this.#budgets, object, { left: refilled >= 1 ? refilled - 1 : refilled, atMs: now }, maxRemembered)
    return refilled >= 1
  }

  #send(pending: Pending): void {
    const { remembered } = pending
    remembered.isPending = true
    this.#pending.push(pending)
    this.#sending ??= this.#sendAll()
  }

  /** Sends all pending Events. Never rejects, because the API does not. */
  async #sendAll(): Promise<void> {
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      const answer = await this.#write(next)
      next.remembered.isPending = false
      next.remembered.lastWrittenMs = this.#now()
      if (!answer.ok) this.#failed(next, answer.error)
    }
    this.#sending = null
  }

  #write({ object, remembered }: Pending): ReturnType<KubernetesApi['create']> {
    const { api } = this.#parts
    if (object !== null) return api.create(eventType, object)
    return api.mergePatch(eventType, remembered.ref, renderSeries(remembered.count, remembered.lastSeenWallMs))
  }

  /** Forgets the series, so that the next occurrence starts a new one: the Event of this one may not exist. */
  #failed({ key, remembered }: Pending, { kind, message: reason }: ApiError): void {
    if (this.#recent.get(key) === remembered) this.#recent.delete(key)
    this.#drop('failed')
    this.#parts.logger.debug({ namespace: remembered.ref.namespace, event: remembered.ref.name, kind, reason }, 'event not written')
  }

  #drop(reason: 'object-limit' | 'queue-full' | 'failed' | 'stopped'): void {
    this.#parts.metrics.eventsDropped.add(1, { reason })
  }

  #now(): number {
    return this.#parts.clock.now()
  }
}

const defaultLimits: EventLimits = {
  seriesWindowMs: 360_000,
  seriesPeriodMs: 60_000,
  burstPerObject: 25,
  refillMs: 300_000,
  maxRemembered: 4_096,
  maxPending: 512,
}

/** Makes the entry the youngest. Drops the oldest entry when there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= max) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
