/** Counts the frames that have no answer yet, by their connection, or by their user where they came over HTTP. */
export class PendingFrames<Key> {
  readonly #counts: Counts<Key>

  /** @param counts empty. A WeakMap lets a key go that is otherwise unused. */
  constructor(counts: Counts<Key>) {
    this.#counts = counts
  }

  /** Takes a place. The caller that got one calls `leave` once. @returns false: as many frames as may wait do so */
  enter(key: Key): boolean {
    const count = this.#counts.get(key) ?? 0
    if (count >= maxInFlight) return false
    this.#counts.set(key, count + 1)
    return true
  }

  leave(key: Key): void {
    const rest = (this.#counts.get(key) ?? 0) - 1
    if (rest > 0) this.#counts.set(key, rest)
    else this.#counts.delete(key)
  }
}

interface Counts<Key> {
  get(key: Key): number | undefined
  set(key: Key, count: number): unknown
  delete(key: Key): boolean
}

/** Most frames of a connection that wait for their answers; and of a user's frames over HTTP. */
export const maxInFlight = 16
