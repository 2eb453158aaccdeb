/**
 * Tells the second of two events with one source and id, if its record is less than the window younger than the last record with them.
 *
 * Every pod must come to the same answer, whenever it was started, or a client that moves between pods would see a twin. So the
 * answer depends on the records' own timestamps alone, each twin renews the window, and a pod begins to read one window before the
 * oldest event that it may hand out. Twins meet in one partition, because the publisher chooses it from what they share.
 *
 * Two generations of a map: the younger takes what arrives, and becomes the older one when it is full or a window old.
 */
export class DuplicateFilter {
  readonly #windowMs: number
  readonly #maxPerGeneration: number
  #younger = new Map<string, number>()
  #older = new Map<string, number>()
  #youngerSinceMs = -Infinity

  /** @param options windowMs 0 turns the filter off; maxIds bounds what is remembered */
  constructor(options: { readonly windowMs: number; readonly maxIds: number }) {
    this.#windowMs = options.windowMs
    this.#maxPerGeneration = Math.max(1, Math.floor(options.maxIds / 2))
  }

  get size(): number {
    return this.#younger.size + this.#older.size
  }

  /** Remembers the event, and says whether it is a twin. @param timestampMs of its record, milliseconds since the epoch */
  isDuplicate(source: string, id: string, timestampMs: number): boolean {
    if (this.#windowMs === 0) return false
    this.#turn(timestampMs)
    const key = `${source}\u0000${id}`
    const seenAtMs = this.#younger.get(key) ?? this.#older.get(key)
    this.#younger.set(key, Math.max(timestampMs, seenAtMs ?? timestampMs))
    return seenAtMs !== undefined && Math.abs(timestampMs - seenAtMs) <= this.#windowMs
  }

  /** Forgets everything: the topic was made anew. */
  clear(): void {
    this.#younger.clear()
    this.#older.clear()
    this.#youngerSinceMs = -Infinity
  }

  #turn(nowMs: number): void {
    const isOld = nowMs - this.#youngerSinceMs > this.#windowMs
    if (!isOld && this.#younger.size < this.#maxPerGeneration) return
    this.#older = this.#younger
    this.#younger = new Map()
    this.#youngerSinceMs = nowMs
  }
}
