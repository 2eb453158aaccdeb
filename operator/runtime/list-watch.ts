import type { Logger } from '../../program/log/logger.ts'
import type { ApiError, KubernetesApi, WatchEvent } from './kubernetes-api.ts'
import { createBackOff, type BackOff } from '../../program/back-off.ts'
import { sleep, unlessAborted } from '../../program/waiting.ts'
import { createKnownObjects, isReplay, type KnownObjects } from './list-watch-known.ts'
import { keyOf, refOf } from '../../api/object-ref.ts'
import type { Watcher, WatcherState, WatchHandlers, WatchTarget } from './watcher.ts'

export interface ListWatchParts {
  readonly api: Pick<KubernetesApi, 'list' | 'watch'>
  readonly target: WatchTarget
  readonly logger: Logger
  /** Milliseconds. @default Date.now */
  readonly now?: () => number
  /** From 0 to 1. @default Math.random */
  readonly random?: () => number
  readonly options?: Partial<ListWatchOptions>
}

export interface ListWatchOptions {
  /**
   * Objects per page. At a start, as many watches as there are types parse one page each, so this limits the memory of a start. @default
   * 100
   */
  readonly pageSize: number
  /**
   * Shortest time that a watch is requested for. The longest is twice this, so that watches of many operators do not end together. Seconds.
   * @default 300
   */
  readonly watchSeconds: number
  /** Time without any event after which a watch is given up. Servers send a bookmark about every minute. Milliseconds. @default 180000 */
  readonly silenceMs: number
  /** Ceiling of the first wait after a failure, and ceiling of all waits. Milliseconds. @default 1000, 30000 */
  readonly minBackOffMs: number
  readonly maxBackOffMs: number
  /**
   * Longest period of requests for a type that is not installed, up to twice this. Shorter just after the type went away, because it may
   * come back. Milliseconds. @default 30000
   */
  readonly missingTypeMs: number
  /**
   * Time of refusals after which a namespace is out of reach. It is not zero, for two reasons. An API server that has just started refuses
   * what it allows a moment later. A Role that is created together with the operator takes a moment to work. Milliseconds. @default
   * 10000
   */
  readonly refusedMs: number
  /**
   * Time out of reach after which the objects of a namespace are forgotten. Until then its channels keep their claims. Milliseconds.
   * @default 600000
   */
  readonly forgetMs: number
}

const defaults: ListWatchOptions = {
  pageSize: 100,
  watchSeconds: 300,
  silenceMs: 180_000,
  minBackOffMs: 1_000,
  maxBackOffMs: 30_000,
  missingTypeMs: 30_000,
  refusedMs: 10_000,
  forgetMs: 600_000,
}
/** Duration from which a watch counts as healthy, with or without events. */
const healthyMs = 10_000

/**
 * Lists and watches one type. The naive way is to list, watch, and list again whenever the watch ends. It does a full list every few
 * minutes for nothing, and hammers a server in trouble. It also trusts that a broken connection is reported, which a balancer or a
 * powered-off node never does.
 *
 * Here a watch resumes from the last version that it received, from an event or a bookmark, until the server says `gone`. Then everything
 * is listed, and only the difference is reported. A connection that is silent for longer than the distance of bookmarks is given up.
 * Then everything is listed, which also shows that the server is alive. Two failures in a row cause a list, too. The reason is a server
 * that was restored from a backup: it does not know the version that we hold, and times out.
 */
export function createListWatch(parts: ListWatchParts): Watcher {
  const watch = new ListWatch(parts)
  return {
    target: parts.target,
    state: () => watch.state(),
    synced: watch.synced,
    start: (handlers) => watch.start(handlers),
    stop: () => watch.stop(),
  }
}

/** The way in which one watch ended. */
interface WatchEnd {
  readonly how: { readonly kind: 'ended' } | { readonly kind: 'silent' } | { readonly kind: 'failed'; readonly error: ApiError }
  readonly hasHeard: boolean
}

type ListEnd = { readonly kind: 'listed'; readonly version: string } | { readonly kind: 'failed'; readonly error: ApiError }

class ListWatch {
  readonly #api: ListWatchParts['api']
  readonly #target: WatchTarget
  readonly #logger: Logger
  readonly #now: () => number
  readonly #random: () => number
  readonly #options: ListWatchOptions
  readonly #backOff: BackOff
  readonly #stopped = new AbortController()
  readonly #synced = Promise.withResolvers<void>()
  #state: WatcherState = { hasSynced: false, lastHeardAtMs: null, relists: 0, isTypeMissing: false, isOutOfReach: false }
  #running: Promise<void> | null = null
  /** Version up to which the handlers have seen everything. */
  #position = ''
  #isFailing = false
  /** Number of consecutive requests that did not find the type. */
  #typeMisses = 0
  /** Time since when the server refuses to list. Null: it does not refuse. */
  #refusedSinceMs: number | null = null

  constructor({ api, target, logger, now = Date.now, random = Math.random, options = {} }: ListWatchParts) {
    this.#api = api
    this.#target = target
    this.#logger = logger
    this.#now = now
    this.#random = random
    this.#options = { ...defaults, ...options }
    this.#backOff = createBackOff({ firstMs: this.#options.minBackOffMs, maxMs: this.#options.maxBackOffMs, jitter: 'full', random })
  }

  state(): WatcherState {
    return this.#state
  }

  get synced(): Promise<void> {
    return this.#synced.promise
  }

  start(handlers: WatchHandlers): void {
    if (this.#running !== null) throw new Error('a watch starts once')
    this.#running = this.#run(createKnownObjects(handlers, this.#logger))
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }

  async #run(known: KnownObjects): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#listAndWatch(known)
      } catch (error) {
        this.#logger.error({ ...this.#names(), err: error }, 'watch threw')
        await this.#pause()
      }
    }
  }

  async #listAndWatch(known: KnownObjects): Promise<void> {
    const listed = await this.#listAll(known)
    if (this.#isStopped) return
    if (listed.kind === 'listed') await this.#watchOn(listed.version, known)
    else if (listed.error.kind === 'no-such-resource') await this.#awaitType(known)
    else if (listed.error.kind === 'forbidden' && this.#target.namespace !== undefined) await this.#awaitNamespace(listed.error, known)
    // Covers also a list whose history expired between two pages: that must not become a fast loop.
    else await this.#pauseAfter(listed.error, 'list')
    if (listed.kind === 'failed' && listed.error.kind !== 'forbidden') this.#refusedSinceMs = null
  }

  /** Hands over each page as it arrives, so that only one page is held. */
  async #listAll(known: KnownObjects): Promise<ListEnd> {
    this.#note({ relists: this.#state.relists + 1 })
    const { type, ...scope } = this.#target
    const seen = new Set<string>()
    let continueToken: string | null = null
    do {
      const more: { continueToken?: string } = continueToken === null ? {} : { continueToken }
      const page = await unlessAborted(this.#api.list(type, { ...scope, limit: this.#options.pageSize, ...more }), this.#stopped.signal)
      if (page === undefined) return { kind: 'listed', version: '' } // stopped, which the caller checks first
      if (!page.ok) return { kind: 'failed', error: page.error }
      this.#note({ lastHeardAtMs: this.#now() })
      for (const object of page.value.items) {
        if (this.#isStopped) break // a handler has stopped the watcher
        seen.add(keyOf(refOf(object)))
        known.listed(object)
      }
      continueToken = page.value.continueToken
      if (continueToken === null) return this.#listEnded(known, seen, page.value.resourceVersion)
    } while (!this.#isStopped)
    return { kind: 'listed', version: '' }
  }

  #listEnded(known: KnownObjects, seen: ReadonlySet<string>, version: string): ListEnd {
    if (!this.#isStopped) known.retain(seen)
    const wasOutOfReach = this.#state.isOutOfReach
    this.#note({ hasSynced: true, isTypeMissing: false, isOutOfReach: false })
    this.#typeMisses = 0
    this.#refusedSinceMs = null
    if (!wasOutOfReach) return { kind: 'listed', version }
    this.#logger.info(this.#names(), 'namespace in reach again')
    known.reach(false)
    return { kind: 'listed', version }
  }

  /** Watches again from where the last watch ended, until that is impossible or two watches have failed in a row. */
  async #watchOn(version: string, known: KnownObjects): Promise<void> {
    this.#position = version
    for (let failures = 0; !this.#isStopped;) {
      const startedAtMs = this.#now()
      const { how, hasHeard } = await this.#watchOnce(known)
      if (this.#isStopped) return
      if (how.kind === 'silent') return this.#giveUp()
      const isHealthy = hasHeard || this.#now() - startedAtMs >= healthyMs
      if (isHealthy) this.#recovered()
      if (how.kind === 'ended') {
        failures = 0
        if (!isHealthy) await this.#pause() // a server that ends every watch at once
        continue
      }
      if (how.error.kind === 'gone' && isHealthy) return
      failures = isHealthy ? 1 : failures + 1
      await this.#pauseAfter(how.error, 'watch')
      if (failures > 1 || how.error.kind === 'gone' || how.error.kind === 'no-such-resource') return
    }
  }

  async #watchOnce(known: KnownObjects): Promise<WatchEnd> {
    const { type, ...scope } = this.#target
    const given = new AbortController()
    const signal = AbortSignal.any([given.signal, this.#stopped.signal])
    const timeoutSeconds = Math.round(this.#options.watchSeconds * (1 + this.#random()))
    const silence = createSilenceAlarm(this.#options.silenceMs, () => given.abort())
    const events = this.#api.watch(type, { ...scope, resourceVersion: this.#position, timeoutSeconds, signal })[Symbol.asyncIterator]()
    let hasHeard = false
    try {
      for (;;) {
        // An implementation that ignores the signal must not block this loop.
        const next = await unlessAborted(events.next(), signal)
        if (signal.aborted || next === undefined) return { how: { kind: 'silent' }, hasHeard }
        if (next.done === true) {
          this.#note({ lastHeardAtMs: this.#now() })
          return { how: { kind: 'ended' }, hasHeard }
        }
        const event = next.value
        if (event.type === 'ERROR') return { how: { kind: 'failed', error: event.error }, hasHeard }
        hasHeard = true
        silence.heard()
        this.#note({ lastHeardAtMs: this.#now() })
        this.#recovered()
        this.#take(event, known)
      }
    } finally {
      silence.end()
      given.abort()
      void events.return?.() // it may never settle, and its result is not needed
    }
  }

  #take(event: Exclude<WatchEvent, { readonly type: 'ERROR' }>, known: KnownObjects): void {
    const version = event.type === 'BOOKMARK' ? event.resourceVersion : (event.object.metadata.resourceVersion ?? '')
    if (isReplay(version, this.#position)) return
    if (version !== '') this.#position = version
    if (event.type !== 'BOOKMARK') known.changed(event.type, event.object)
  }

  async #awaitType(known: KnownObjects): Promise<void> {
    if (!this.#state.isTypeMissing) this.#logger.warn(this.#names(), 'resource type not installed')
    known.retain(new Set())
    this.#note({ lastHeardAtMs: this.#now(), isTypeMissing: true, hasSynced: true })
    this.#recovered()
    const { minBackOffMs, missingTypeMs } = this.#options
    await this.#sleep(Math.min(minBackOffMs * 2 ** this.#typeMisses++, missingTypeMs) * (1 + this.#random()))
  }

  /** Waits after a refusal. A refusal is a response, so the server is alive. */
  async #awaitNamespace(error: ApiError, known: KnownObjects): Promise<void> {
    this.#refusedSinceMs ??= this.#now()
    this.#note({ lastHeardAtMs: this.#now() })
    const { refusedMs, forgetMs, missingTypeMs } = this.#options
    const refusedForMs = this.#now() - this.#refusedSinceMs
    if (refusedForMs < refusedMs) return this.#sleep(Math.min(this.#backOff.nextMs(error.retryAfterMs), refusedMs - refusedForMs))
    const isNews = !this.#state.isOutOfReach
    this.#note({ hasSynced: true, isOutOfReach: true })
    if (isNews) {
      this.#logger.warn({ ...this.#names(), reason: error.message }, 'namespace out of reach')
      known.reach(true)
    }
    if (refusedForMs >= forgetMs) known.retain(new Set())
    await this.#sleep(missingTypeMs * (1 + this.#random()))
  }

  #giveUp(): void {
    this.#logger.warn({ ...this.#names(), silenceMs: this.#options.silenceMs }, 'watch silent for too long, listing again')
  }

  /** Logs the first failure of an outage, and waits. An outage makes two log lines, however long it lasts. */
  async #pauseAfter(error: ApiError, doing: 'list' | 'watch'): Promise<void> {
    const isExpected = error.kind === 'gone'
    if (!this.#isFailing && !isExpected) {
      this.#isFailing = true
      this.#logger.warn({ ...this.#names(), doing, kind: error.kind, code: error.code, reason: error.message }, 'watch failed')
    }
    await this.#pause(error.retryAfterMs ?? 0)
  }

  #recovered(): void {
    this.#backOff.reset()
    if (!this.#isFailing) return
    this.#isFailing = false
    this.#logger.info(this.#names(), 'watch recovered')
  }

  async #pause(atLeastMs = 0): Promise<void> {
    await this.#sleep(this.#backOff.nextMs(atLeastMs))
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, [this.#stopped.signal])
  }

  #note(change: Partial<WatcherState>): void {
    this.#state = { ...this.#state, ...change }
    if (change.hasSynced === true) this.#synced.resolve()
  }

  #names(): { readonly resource: string; readonly namespace: string | undefined } {
    const { type, namespace } = this.#target
    return { resource: type.group === '' ? type.plural : `${type.plural}.${type.group}`, namespace }
  }
}

function createSilenceAlarm(silenceMs: number, ring: () => void): { heard(): void; end(): void } {
  let timer = setTimeout(ring, silenceMs)
  return {
    heard: () => {
      clearTimeout(timer)
      timer = setTimeout(ring, silenceMs)
    },
    end: () => clearTimeout(timer),
  }
}
