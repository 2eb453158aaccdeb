/** Counts what waits for an acknowledgement, and lets no more in than may wait. */
export class InFlight {
  readonly #max: number
  #count = 0

  /** @param max at least 1 */
  constructor(max: number) {
    this.#max = max
  }

  get count(): number {
    return this.#count
  }

  /** Whether `n` could ever be let in together. */
  fits(n: number): boolean {
    return n <= this.#max
  }

  /** All of `n` or none. Whoever was let in calls `leave` with the same number, once. */
  enter(n: number): boolean {
    if (this.#count + n > this.#max) return false
    this.#count += n
    return true
  }

  leave(n: number): void {
    this.#count -= n
  }
}
