/** Counts events that wait for an acknowledgement, up to a limit. */
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

  /** Returns true if `n` events can ever wait together. */
  fits(n: number): boolean {
    return n <= this.#max
  }

  /** Takes `n` places or none. The caller that got them calls `leave` with the same number, once. */
  enter(n: number): boolean {
    if (this.#count + n > this.#max) return false
    this.#count += n
    return true
  }

  leave(n: number): void {
    this.#count -= n
  }
}
