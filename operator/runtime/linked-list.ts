/** A place in a list, by which its item is taken out wherever it stands. */
export interface ListNode<T> {
  readonly item: T
  previous: ListNode<T> | null
  next: ListNode<T> | null
}

/**
 * A queue from whose middle items can be taken. Every operation costs the same, however long it is: neither an array (taking out of the middle)
 * nor a Map in order of insertion (finding its first entry behind thousands of deleted ones) can promise that.
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

  /** @param node of this list, and in it */
  remove(node: ListNode<T>): void {
    if (node.previous === null) this.#first = node.next
    else node.previous.next = node.next
    if (node.next === null) this.#last = node.previous
    else node.next.previous = node.previous
    this.#length -= 1
  }
}
