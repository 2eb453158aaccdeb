/**
 * Tells the second of two events with one source and id, if its record is less than the window younger than the last record with them.
 *
 * Every pod must come to the same answer, whenever it was started, or a client that moves between pods would see a duplicate. So the
 * answer depends on the records' own timestamps alone, each duplicate renews the window, and a pod begins to read one window before the
 * oldest event that it may hand out. Duplicates meet in one partition, because the publisher chooses it from what they share.
 *
 * How long an id is remembered is another matter: too long never changes the answer, too short does. Two generations of a map: the younger
 * takes what arrives, and becomes the older one when it is full, or when two clocks agree that it is a window old. The naive clock, the
 * records' timestamps alone, lets one producer whose clock is ahead decide for all others: each of its records would end a generation.
 * So the pod's own clock must agree. The pod's clock alone would forget too early where reading is slower than the events were written.
 * A pause between two records counts for a second of it at most: what was written during the pause is read in a moment.
 */
export class DuplicateFilter {
  readonly #windowMs: number
  readonly #maxPerGeneration: number
  #younger = new Generation()
  #older = new Generation()
  /** The record time at which the younger generation began. */
  #youngerSinceMs = -Infinity
  /** How old the younger generation is, by the pod's own clock. */
  #youngerAgeMs = 0
  #lastNowMs: number | null = null

  /** @param options windowMs 0 turns the filter off; maxIds bounds what is remembered */
  constructor(options: { readonly windowMs: number; readonly maxIds: number }) {
    this.#windowMs = options.windowMs
    this.#maxPerGeneration = Math.max(1, Math.floor(options.maxIds / 2))
  }

  get size(): number {
    return this.#younger.size + this.#older.size
  }

  /** Remembers the event, and says whether it is a duplicate. @param timestampMs of its record; @param nowMs of the pod; both since the epoch */
  isDuplicate(source: string, id: string, timestampMs: number, nowMs: number): boolean {
    if (this.#windowMs === 0) return false
    this.#age(nowMs)
    this.#turn(Math.min(timestampMs, nowMs))
    const seenAtMs = this.#younger.get(source, id) ?? this.#older.get(source, id)
    this.#younger.set(source, id, seenAtMs === undefined ? timestampMs : Math.max(timestampMs, seenAtMs))
    return seenAtMs !== undefined && Math.abs(timestampMs - seenAtMs) <= this.#windowMs
  }

  /** Forgets everything: the topic was made anew. */
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

/** Longer pauses between two records count as much. */
const maxPauseMs = 1_000

/** Most sources that have a map of their own in each generation: a map costs 250 bytes, and emitters may name a new source for each event. */
const maxOwnMaps = 64

/**
 * The time of the last record, by source and id. Most events have one of a few sources, and each of these has a map by id alone: to join source and
 * id costs as much as the look-up. Events of other sources are found by both joined.
 */
class Generation {
  readonly #bySource = new Map<string, Map<string, number>>()
  readonly #others = new Map<string, number>()
  /** The time of the first record. Times are kept as distances from it: such small numbers need no memory of their own. */
  #originMs: number | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  get(source: string, id: string): number | undefined {
    const ids = this.#bySource.get(source)
    const known = ids !== undefined ? ids.get(id) : this.#others.size === 0 ? undefined : this.#others.get(joined(source, id))
    return known === undefined ? undefined : known + (this.#originMs ?? 0)
  }

  set(source: string, id: string, atMs: number): void {
    const ids = this.#bySource.get(source) ?? this.#ownMap(source)
    const map = ids ?? this.#others
    const before = map.size
    this.#originMs ??= atMs
    map.set(ids === undefined ? joined(source, id) : id, atMs - this.#originMs)
    this.#size += map.size - before
  }

  /** Makes a map for a new source while there is room. Later sources never get one: so each source is always found in the same place. */
  #ownMap(source: string): Map<string, number> | undefined {
    if (this.#bySource.size >= maxOwnMaps) return undefined
    const ids = new Map<string, number>()
    this.#bySource.set(source, ids)
    return ids
  }
}

const joined = (source: string, id: string): string => `${source}\u0000${id}`
