import { IdTimes } from './id-times.ts'
import { keyedHash } from './keyed-hash.ts'

/**
 * Finds duplicates: events with the source and id of an earlier event whose record is at most one window older.
 *
 * **Every pod must decide alike**, whenever it started, or a client that moves between pods would see a duplicate. So the decision depends on the
 * records' own timestamps alone, and each duplicate renews the window. A pod starts to read one window before the oldest event that it may
 * deliver. Duplicates meet in one partition, because the publisher chooses it from the values that they share.
 *
 * **Memory** is a separate question: keeping an id too long never changes the decision, too short does. There are two generations of a table. The
 * younger one takes each new id. It becomes the older one when it is full, or when two clocks agree that it is a window old.
 *
 * **Two clocks**, because each alone fails. By the records' timestamps, one producer whose clock is ahead would end a generation with each
 * record. By the pod's clock, ids would be forgotten too early while reading is slower than the events were written. A pause between two records
 * counts for at most a second, because the records that were written during the pause are read in a moment.
 */
export class DuplicateFilter {
  readonly #windowMs: number
  readonly #maxPerGeneration: number
  #younger = new Generation()
  #older = new Generation()
  /** The record time at which the younger generation started. */
  #youngerSinceMs = -Infinity
  /** Age of the younger generation by the pod's own clock. */
  #youngerAgeMs = 0
  #lastNowMs: number | null = null

  /** @param options windowMs 0 turns the filter off; maxIds bounds the memory */
  constructor(options: { readonly windowMs: number; readonly maxIds: number }) {
    this.#windowMs = options.windowMs
    this.#maxPerGeneration = Math.max(1, Math.floor(options.maxIds / 2))
  }

  get size(): number {
    return this.#younger.size + this.#older.size
  }

  /** Remembers the event, and returns true for a duplicate. @param timestampMs of its record; @param nowMs of the pod; both since the epoch */
  isDuplicate(source: string, id: string, timestampMs: number, nowMs: number): boolean {
    if (this.#windowMs === 0) return false
    this.#age(nowMs)
    this.#turn(Math.min(timestampMs, nowMs))
    const hash = keyedHash(id)
    const seenAtMs = this.#younger.get(source, id, hash) ?? this.#older.get(source, id, hash)
    this.#younger.set(source, id, hash, seenAtMs === undefined ? timestampMs : Math.max(timestampMs, seenAtMs))
    return seenAtMs !== undefined && Math.abs(timestampMs - seenAtMs) <= this.#windowMs
  }

  /** Forgets everything, because the topic was recreated. */
  clear(): void {
    this.#younger = new Generation()
    this.#older = new Generation()
    this.#youngerSinceMs = -Infinity
    this.#youngerAgeMs = 0
  }

  #age(nowMs: number): void {
    this.#youngerAgeMs += Math.min(Math.max(0, nowMs - (this.#lastNowMs ?? nowMs)), maxPauseMs)
    this.#lastNowMs = nowMs
  }

  #turn(recordMs: number): void {
    const isOld = recordMs - this.#youngerSinceMs > this.#windowMs && this.#youngerAgeMs > this.#windowMs
    if (!isOld && this.#younger.size < this.#maxPerGeneration) return
    this.#older = this.#younger
    this.#younger = new Generation()
    this.#youngerSinceMs = recordMs
    this.#youngerAgeMs = 0
  }
}

/** Longest time that a pause between two records counts for. */
const maxPauseMs = 1_000

/** Most sources with a table of their own in each generation. A table costs 1 KB, and emitters may name a new source for each event. */
const maxOwnTables = 64

/**
 * The time of the last record, by source and id. Most events have one of a few sources. Each of these has a table by id alone, because joining
 * source and id costs as much as the look-up. Other sources share a table by both joined.
 */
class Generation {
  readonly #bySource = new Map<string, IdTimes>()
  readonly #others = new IdTimes()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(source: string, id: string, hash: number): number | undefined {
    const ids = this.#bySource.get(source)
    if (ids !== undefined) return ids.get(id, hash)
    if (this.#others.size === 0) return undefined
    const both = joined(source, id)
    return this.#others.get(both, keyedHash(both))
  }

  set(source: string, id: string, hash: number, atMs: number): void {
    const ids = this.#bySource.get(source) ?? this.#ownTable(source)
    const both = ids === undefined ? joined(source, id) : id
    const table = ids ?? this.#others
    const before = table.size
    table.set(both, ids === undefined ? keyedHash(both) : hash, atMs)
    this.#size += table.size - before
  }

  /** Makes a table for a new source while there is room. Later sources never get one, so each source is always found in the same place. */
  #ownTable(source: string): IdTimes | undefined {
    if (this.#bySource.size >= maxOwnTables) return undefined
    const ids = new IdTimes()
    this.#bySource.set(source, ids)
    return ids
  }
}

const joined = (source: string, id: string): string => `${source}\u0000${id}`
