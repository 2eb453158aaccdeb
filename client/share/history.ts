import type { Filter } from '../filters.ts'
import type { Item, Position } from './messages.ts'
import { covers } from './union-filters.ts'

/**
 * The newest items of a group, as one tab has received them. A leader continues where an earlier one was known to be, so the items of all leaders
 * form one line. Places in it are numbers of items since this tab began, and positions name them for all tabs.
 */
export class History {
  readonly #maxItems: number
  readonly #maxBytes: number
  #items: Entry[] = []
  #bytes = 0
  /** Number of items before those that are kept. */
  #start = 0
  /** Times of leaders, oldest first, with the number of items before each. */
  #terms: { readonly term: string; readonly from: number }[] = []

  constructor(maxItems: number, maxBytes: number) {
    this.#maxItems = maxItems
    this.#maxBytes = maxBytes
  }

  /** Place after all items; null: the tab has none in any group. */
  get position(): Position | null {
    const newest = this.#terms.at(-1)
    return newest ? { term: newest.term, seq: this.#end - newest.from } : null
  }

  get #end(): number {
    return this.#start + this.#items.length
  }

  /** @param union filters that held before the item, each as JSON */
  push(item: Item, union: readonly string[]): void {
    const bytes = JSON.stringify(item).length
    this.#items.push({ item, union, bytes })
    this.#bytes += bytes
    while (this.#items.length > this.#maxItems || this.#bytes > this.#maxBytes) this.#drop()
  }

  /** Forgets all items, and begins at a position that another tab has named. */
  reset({ term, seq }: Position): void {
    this.forget()
    this.#terms = [{ term, from: this.#end - seq }]
  }

  /** A leader begins after all items. */
  begin(term: string): void {
    this.#terms = [...this.#terms, { term, from: this.#end }].slice(-100)
  }

  /** Forgets the items, and keeps the position. */
  forget(): void {
    this.#start = this.#end
    this.#items = []
    this.#bytes = 0
  }

  /** Returns true if a leader is one that this tab has followed. */
  knows(term: string): boolean {
    return this.#terms.some((each) => each.term === term)
  }

  /** Forgets what comes after a position. @returns false: the position is unknown, or this tab has not reached it */
  cut({ term, seq }: Position): boolean {
    const index = this.#terms.findLastIndex((each) => each.term === term)
    const from = this.#terms[index]?.from
    if (from === undefined) return false
    const place = from + seq
    if (place > (this.#terms[index + 1]?.from ?? this.#end) || place < this.#start) return false
    while (this.#end > place) this.#bytes -= this.#items.pop()?.bytes ?? 0
    this.#terms = this.#terms.filter((each) => each.from <= place)
    return true
  }

  /**
   * Returns the items after a position. Null: some of them are forgotten, the position is of another group, or the connection did not bring all that
   * the filters let through (undefined: these do not matter). A tab beyond the place where the next leader began gets everything from there on,
   * because that leader brings the rest again.
   */
  after({ term, seq }: Position, filters?: readonly Filter[]): readonly Item[] | null {
    const index = this.#terms.findLastIndex((each) => each.term === term)
    const from = this.#terms[index]?.from
    if (from === undefined) return null
    return this.#from(Math.min(from + seq, this.#terms[index + 1]?.from ?? this.#end), filters)
  }

  /** Returns the items after the newest one with a cursor. */
  afterCursor(cursor: string, filters?: readonly Filter[]): readonly Item[] | null {
    const index = this.#items.findLastIndex(({ item }) => item.cursor === cursor)
    return index < 0 ? null : this.#from(this.#start + index + 1, filters)
  }

  #from(place: number, filters: readonly Filter[] | undefined): readonly Item[] | null {
    if (place < this.#start) return null
    const missed = this.#items.slice(place - this.#start)
    return filters && !missed.every(({ union }) => covers(union, filters)) ? null : missed.map(({ item }) => item)
  }

  #drop(): void {
    this.#bytes -= this.#items.shift()?.bytes ?? 0
    this.#start += 1
  }
}

interface Entry {
  readonly item: Item
  readonly union: readonly string[]
  readonly bytes: number
}
