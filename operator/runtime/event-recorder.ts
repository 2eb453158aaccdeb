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
  /** Of this process; people see who wrote. */
  readonly identity: string
  readonly metrics: Pick<OperatorMetrics, 'eventsDropped'>
  readonly logger: Logger
  readonly clock: Clock
  readonly limits?: Partial<EventLimits>
}

export interface EventLimits {
  /** The same event within this time is one of a series. Milliseconds. @default 6 min */
  readonly seriesWindowMs: number
  /** How often the count of a series is written, at most. Milliseconds. @default 1 min */
  readonly seriesPeriodMs: number
  /** New events of one object at once. @default 25 */
  readonly burstPerObject: number
  /** After so long it may have one more. Milliseconds. @default 5 min */
  readonly refillMs: number
  /** Events, and objects, that are remembered. @default 4096 */
  readonly maxRemembered: number
  /** Events that wait to be written. @default 512 */
  readonly maxPending: number
}

/** Tells people by Kubernetes Events, as well as it can. Nothing here blocks, throws or fails a reconcile. */
export interface EventRecorder {
  record(regarding: Regarding, event: RecordedEvent): void
  /** Takes no more, and waits until the rest is written or the deadline is over. Idempotent. */
  stop(options: { readonly deadlineMs: number }): Promise<void>
}

/**
 * Events are for people and cost the API server as much as any object, so they are sent with restraint: the same event again becomes the count
 * of a series, written once a minute at most; an object that is told of too often is not told of for a while; one event is under way at a time,
 * and when the API server is slow or away, a bounded number waits. Whatever is left out is counted in `carillon_operator_events_dropped_total`.
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

/** What is to be sent: a new event, or the count of a series as it is then. */
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
    // If not now, the next one of the series tells of this one, too.
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

  /** Never rejects: the API does not, and nothing else here can. */
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

  /** The next one begins anew: this one may not be there, or no longer. */
  #failed({ key, remembered }: Pending, { kind, message: reason }: ApiError): void {
    if (this.#recent.get(key) === remembered) this.#recent.delete(key)
    this.#drop('failed')
    this.#parts.logger.debug(
      { namespace: remembered.ref.namespace, event: remembered.ref.name, kind, reason },
      'a Kubernetes Event could not be written',
    )
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

/** As the youngest; the oldest goes when there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= max) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
