/** A place in a list. Its item can be removed from any position. */
export interface ListNode<T> {
  readonly item: T
  previous: ListNode<T> | null
  next: ListNode<T> | null
}

/**
 * A queue whose items can be removed from the middle. Every operation has the same cost at any length. An array cannot promise that: it
 * removes from the middle. Neither can a Map in order of insertion: it skips thousands of deleted entries to find the first one.
 */
export class LinkedList<T> {
  #first: ListNode<T> | null = null
  #last: ListNode<T> | null = null
  #length = 0

  get length(): number {
    return this.#length
  }

  push(item: T): ListNode<T> {
    const node: ListNode<T> = { item, previous: this.#last, next: null }
    if (this.#last === null) this.#first = node
    else this.#last.next = node
    this.#last = node
    this.#length += 1
    return node
  }

  shift(): T | undefined {
    const node = this.#first
    if (node === null) return undefined
    this.remove(node)
    return node.item
  }

  /** Removes an item. @param node a node that is in this list */
  remove(node: ListNode<T>): void {
    if (node.previous === null) this.#first = node.next
    else node.previous.next = node.next
    if (node.next === null) this.#last = node.previous
    else node.next.previous = node.previous
    this.#length -= 1
  }
}
