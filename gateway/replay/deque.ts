/**
 * A queue that can be read in the middle: items leave at the front and are found by index. It is an array whose front is cut off when more than
 * half of it is used up, so each operation costs O(1) over time.
 */
export class Deque<T> {
  #items: T[] = []
  #front = 0

  get length(): number {
    return this.#items.length - this.#front
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** Returns an item. @param index from 0 at the front; undefined outside */
  at(index: number): T | undefined {
    return index < 0 ? undefined : this.#items[this.#front + index]
  }

  first(): T | undefined {
    return this.#items[this.#front]
  }

  last(): T | undefined {
    return this.length === 0 ? undefined : this.#items[this.#items.length - 1]
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#front]
    this.#front += 1
    if (this.#front > 32 && this.#front * 2 > this.#items.length) {
      this.#items.splice(0, this.#front)
      this.#front = 0
    }
    return item
  }
}

/** Returns the index of the first item for which `isBefore` is false. All items for which it is true must come first. */
export function partitionPoint<T>(deque: Deque<T>, isBefore: (item: T) => boolean): number {
  let low = 0
  let high = deque.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = deque.at(middle)
    if (item !== undefined && isBefore(item)) low = middle + 1
    else high = middle
  }
  return low
}
