import { createHash } from 'node:crypto'
import type { CloudEvent } from '../event/cloud-event.ts'

/** What is remembered of an event that a client sent. */
export interface RecentSend {
  /** Digest of what the client sent. Another event with the same id has another one. */
  readonly content: string
  /** True: the brokers have acknowledged all of its records. False: that of the upstream topic alone. */
  readonly isComplete: boolean
}

/**
 * Remembers the events of the last window, so that one that is sent again is not written again. It is bounded: beyond its limit the oldest half is
 * forgotten, and an event that is sent again after that is written again, with the same source and id, by which readers suppress it.
 *
 * It keeps digests, because a user and an id may have 1,500 characters. There are two generations, as in `replay/duplicate-filter.ts`; here one clock
 * is enough, because no other pod must decide alike.
 */
export class RecentSends {
  readonly #windowMs: number
  readonly #maxPerGeneration: number
  #younger = new Map<string, Remembered>()
  #older = new Map<string, Remembered>()
  #youngerSinceMs = Number.NEGATIVE_INFINITY

  /** @param options windowMs 0 remembers nothing; maxIds bounds the memory */
  constructor(options: { readonly windowMs: number; readonly maxIds: number }) {
    this.#windowMs = options.windowMs
    this.#maxPerGeneration = Math.max(1, Math.floor(options.maxIds / 2))
  }

  get size(): number {
    return this.#younger.size + this.#older.size
  }

  /** @param nowMs milliseconds of a monotonic clock */
  find(key: string, nowMs: number): RecentSend | null {
    const known = this.#younger.get(key) ?? this.#older.get(key)
    return known !== undefined && nowMs - known.atMs < this.#windowMs ? known : null
  }

  remember(key: string, send: RecentSend, nowMs: number): void {
    if (this.#windowMs === 0) return
    const isOld = nowMs - this.#youngerSinceMs >= this.#windowMs
    if (isOld || (this.#younger.size >= this.#maxPerGeneration && !this.#younger.has(key))) {
      this.#older = this.#younger
      this.#younger = new Map()
      this.#youngerSinceMs = nowMs
    }
    this.#younger.set(key, { ...send, atMs: nowMs })
  }
}

interface Remembered extends RecentSend {
  readonly atMs: number
}

/** Returns the key of an event: a digest of its source, which names the user, and its id. */
export const keyOfSend = ({ source, id }: Pick<CloudEvent, 'source' | 'id'>): string => digest([source, id], null)

/** Returns a digest of what the client sent: everything but the time, which differs each time. */
export function contentOfSend({ attributes, datacontenttype, data, isBinary }: CloudEvent): string {
  const names = Object.keys(attributes)
    .filter((name) => name !== 'time')
    .toSorted()
  return digest([datacontenttype, isBinary, data === null, ...names.flatMap((name) => [name, attributes[name]])], data)
}

/** 16 bytes: enough that two events never share them, in 16 characters. */
function digest(texts: readonly unknown[], data: Buffer | null): string {
  const hash = createHash('sha256').update(JSON.stringify(texts))
  if (data !== null) hash.update('\n').update(data)
  return hash.digest().subarray(0, 16).toString('latin1')
}
