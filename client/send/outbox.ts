import { backoffMs } from '../ending.ts'
import { clientError, SendError } from '../send-error.ts'
import type { OutboxOptions, OutboxView, SendSignal } from '../send-types.ts'

/** Data of `dev.carillon.nack`. A refusal with a time is temporary. */
export interface Refusal {
  readonly type: string
  readonly detail: string
  /** Pause in milliseconds; 0: a pause of the client's own choice. */
  readonly retryAfterMs?: number
}

const maxBackoffMs = 30_000
/** Bounds of the events that wait. */
export const outboxBounds = { maxCount: 100, maxBytes: 262_144, maxFrameBytes: 4096 } as const
const encoder = new TextEncoder()

/**
 * Events that wait for an acknowledgement, in the order of the calls. An event is sent again with its id until it is answered: the gateway writes an
 * id of a user once, so a copy is harmless.
 */
export class Outbox implements OutboxView {
  bytes = 0
  readonly #entries = new Map<string, Entry>()
  readonly #options: OutboxOptions
  readonly #key: string | undefined
  readonly #report: (error: unknown) => void
  #transmit: Transmit | undefined
  #window = 0
  /** After a refusal for now: a burst would be refused again, and a gateway closes a connection with too many frames. */
  #isSlow = false
  #onTheirWay = 0
  #attempt = 0
  #pause: ReturnType<typeof setTimeout> | undefined

  /**
   * @param endpoint separates the entries of several channels in one storage
   * @param report hears of a broken storage, and of refusals of events that an earlier page left behind
   */
  constructor(options: OutboxOptions, endpoint: string, report: (error: unknown) => void) {
    this.#options = options
    this.#report = report
    // A name that is missing or empty is no user's.
    if (options.storage && options.user) this.#key = `carillon-outbox ${endpoint} ${options.user}`
    this.#load()
  }

  get count(): number {
    return this.#entries.size
  }

  /** @returns a promise that settles with the event's answer */
  add(id: string, text: string, signal?: SendSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const bytes = encoder.encode(text).length
      const problem = this.#problem(id, bytes)
      if (problem) return reject(problem)
      const abort = (): void => {
        this.#take(id)
        reject(signal?.reason)
        this.#flush()
      }
      signal?.addEventListener('abort', abort)
      const settle = (error?: SendError): void => {
        signal?.removeEventListener('abort', abort)
        if (error) reject(error)
        else resolve()
      }
      this.#put({ id, text, bytes, settle, isOnItsWay: false })
      this.#save()
      this.#flush()
    })
  }

  /** A connection takes events: all of them are sent, also those that an earlier connection did not answer. @param window most on their way at once */
  open(transmit: Transmit, window: number): void {
    this.close()
    this.#transmit = transmit
    this.#window = window
    this.#flush()
  }

  /** The connection takes no more events. Those that wait stay. */
  close(): void {
    clearTimeout(this.#pause)
    this.#pause = this.#transmit = undefined
    this.#onTheirWay = this.#attempt = 0
    this.#isSlow = false
    for (const entry of this.#entries.values()) entry.isOnItsWay = false
  }

  /** @param refusal undefined: the brokers have the event */
  answer(id: unknown, refusal?: Refusal): void {
    const entry = typeof id === 'string' ? this.#entries.get(id) : undefined
    if (!entry) return
    if (refusal?.retryAfterMs !== undefined) {
      // After its connection has gone, the next one sends it anyway.
      if (entry.isOnItsWay) this.#postpone(entry, refusal.retryAfterMs)
    } else {
      this.#take(entry.id)
      this.#attempt = 0
      entry.settle(refusal && new SendError(refusal.type, refusal.detail, entry.id))
    }
    this.#flush()
  }

  /** Rejects all that waits. @param error made for each id */
  end(error: (id: string) => SendError): void {
    this.close()
    for (const { id, settle } of this.#entries.values()) {
      this.#take(id)
      settle(error(id))
    }
  }

  #problem(id: string, bytes: number): SendError | null {
    const { maxCount, maxBytes, maxFrameBytes } = { ...outboxBounds, ...this.#options }
    if (this.#entries.has(id))
      return clientError('duplicate-id', `An event with the id ${id} waits already. Give each event an id of its own.`, id)
    if (bytes > maxFrameBytes)
      return clientError(
        'too-large',
        `The event has ${bytes} bytes as JSON; outbox.maxFrameBytes allows ${maxFrameBytes}. Send less data.`,
        id,
      )
    if (this.count >= maxCount || this.bytes + bytes > maxBytes)
      return clientError(
        'outbox-full',
        `The outbox is full: ${this.count} events and ${this.bytes} bytes wait for an acknowledgement. Try again later, or raise outbox.maxCount (${maxCount}) or outbox.maxBytes (${maxBytes}).`,
        id,
      )
    return null
  }

  #put(entry: Entry): void {
    this.#entries.set(entry.id, entry)
    this.bytes += entry.bytes
  }

  #take(id: string): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    this.bytes -= entry.bytes
    if (entry.isOnItsWay) this.#onTheirWay -= 1
    if (this.count === 0) this.#isSlow = false
    this.#save()
  }

  /** Nothing is sent during the pause, so that later events do not overtake. */
  #postpone(entry: Entry, retryAfterMs: number): void {
    this.#onTheirWay -= 1
    entry.isOnItsWay = false
    this.#isSlow = true
    const pause = retryAfterMs > 0 ? retryAfterMs : backoffMs(this.#attempt, maxBackoffMs, (1 + Math.random()) / 2)
    this.#attempt += 1
    clearTimeout(this.#pause)
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      this.#flush()
    }, pause)
  }

  #flush(): void {
    for (const entry of this.#entries.values()) {
      if (!this.#transmit || this.#pause !== undefined || this.#onTheirWay >= (this.#isSlow ? 1 : this.#window)) return
      if (entry.isOnItsWay) continue
      entry.isOnItsWay = true
      this.#onTheirWay += 1
      this.#transmit(entry.id, entry.text)
    }
  }

  // ---- the storage

  #load(): void {
    if (this.#key === undefined) return
    // No promise of this page is theirs.
    const settle = (error?: SendError): void => void (error && this.#report(error))
    try {
      const saved = JSON.parse(this.#options.storage?.getItem(this.#key) ?? '[]') as readonly string[] // written by #save
      const entries = saved.map((text) => ({ id: JSON.parse(text).id as unknown, text: String(text) }))
      for (const { id, text } of entries) {
        if (typeof id !== 'string') throw new TypeError('The stored outbox has an event without an id. It is ignored.')
        this.#put({ id, text, bytes: encoder.encode(text).length, settle, isOnItsWay: false })
      }
    } catch (error) {
      // Another script has written it, or the page may not use its storage. Not at once: callbacks may use what connect() returns.
      queueMicrotask(() => this.#report(error))
    }
  }

  /** A storage that is full keeps nothing over a reload, and the events go out all the same. */
  #save(): void {
    try {
      if (this.#key !== undefined)
        this.#options.storage?.setItem(this.#key, JSON.stringify([...this.#entries.values()].map(({ text }) => text)))
    } catch (error) {
      this.#report(error)
    }
  }
}

/** Sends the text of an event. Its answer comes by `answer()`. */
export type Transmit = (id: string, text: string) => void

interface Entry {
  readonly id: string
  readonly text: string
  readonly bytes: number
  readonly settle: (error?: SendError) => void
  isOnItsWay: boolean
}
