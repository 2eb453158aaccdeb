/** Remembers the last so many ids. */
export class RecentIds {
  readonly #ids = new Set<string>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** @returns whether the id is new; an id that is seen again counts as the newest */
  add(id: string): boolean {
    const isNew = !this.#ids.delete(id)
    this.#ids.add(id)
    if (this.#ids.size > this.#capacity) for (const oldest of this.#ids) return this.#ids.delete(oldest)
    return isNew
  }
}
