/** Remembers a number of the last ids. */
export class RecentIds {
  readonly #ids = new Set<string>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /**
   *
   * @returns true for a new id; an id that occurs again counts as the newest
   */
  add(id: string): boolean {
    const isNew = !this.#ids.delete(id)
    this.#ids.add(id)
    if (this.#ids.size > this.#capacity) for (const oldest of this.#ids) return this.#ids.delete(oldest)
    return isNew
  }
}
