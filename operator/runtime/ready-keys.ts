import { LinkedList, type ListNode } from './linked-list.ts'
import { priorities, type Priority } from './priority.ts'

/** A key's place among the ready keys. */
export interface ReadyPlace<T> {
  readonly priority: Priority
  readonly lane: Lane<T>
  readonly node: ListNode<T>
}

/** The ready keys of one namespace at one priority. In the ring if and only if it is not empty. */
interface Lane<T> {
  readonly namespace: string
  readonly items: LinkedList<T>
}

/** Number of takes after which one take ignores the priority. */
export const takesPerExtraTurn = 16

/** Order of the priorities at an extra turn. The two less urgent ones take turns. */
const extraTurns: readonly (readonly Priority[])[] = [
  ['child', 'resync', 'user'],
  ['resync', 'child', 'user'],
]

/**
 * Ready keys in a fair order. First by priority. Within a priority the namespaces take turns, one key each: a namespace with 5,000
 * keys delays another by one key. Within a namespace, first come, first served.
 *
 * Strict priorities alone would let a user who changes channels without end starve all others. So each 16th take is an extra turn, which
 * the two lower priorities have alternately. This gives a bound: the `n`th key at its priority is taken by the (32 * n)th take at the
 * latest. Every operation has the same cost for any number of keys.
 */
export class ReadyKeys<T> {
  readonly #levels: Readonly<Record<Priority, Level<T>>> = { user: new Level<T>(), child: new Level<T>(), resync: new Level<T>() }
  #takes = 0

  count(priority: Priority): number {
    return this.#levels[priority].count
  }

  get size(): number {
    return priorities.reduce((sum, priority) => sum + this.count(priority), 0)
  }

  push(namespace: string, priority: Priority, item: T): ReadyPlace<T> {
    return { priority, ...this.#levels[priority].push(namespace, item) }
  }

  /** Removes a key. @param place of a key that is here */
  remove({ priority, lane, node }: ReadyPlace<T>): void {
    this.#levels[priority].remove(lane, node)
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined
    this.#takes += 1
    for (const priority of this.#order()) {
      const item = this.#levels[priority].shift()
      if (item !== undefined) return item
    }
    return undefined
  }

  #order(): readonly Priority[] {
    if (this.#takes % takesPerExtraTurn !== 0) return priorities
    return extraTurns[(this.#takes / takesPerExtraTurn) % extraTurns.length] ?? priorities
  }
}

/** One priority: a ring of the namespaces that have ready keys. */
class Level<T> {
  readonly #ring = new LinkedList<Lane<T>>()
  readonly #places = new Map<string, ListNode<Lane<T>>>()
  count = 0

  push(namespace: string, item: T): { readonly lane: Lane<T>; readonly node: ListNode<T> } {
    const lane = this.#places.get(namespace)?.item ?? this.#enter({ namespace, items: new LinkedList<T>() })
    this.count += 1
    return { lane, node: lane.items.push(item) }
  }

  shift(): T | undefined {
    const lane = this.#ring.shift()
    const item = lane?.items.shift()
    if (lane === undefined || item === undefined) return undefined
    this.count -= 1
    if (lane.items.length === 0) this.#places.delete(lane.namespace)
    else this.#enter(lane)
    return item
  }

  remove(lane: Lane<T>, node: ListNode<T>): void {
    lane.items.remove(node)
    this.count -= 1
    const place = this.#places.get(lane.namespace)
    if (lane.items.length > 0 || place === undefined) return
    this.#ring.remove(place)
    this.#places.delete(lane.namespace)
  }

  /** Adds a namespace behind all others. A namespace that has just left gains nothing by coming back. */
  #enter(lane: Lane<T>): Lane<T> {
    this.#places.set(lane.namespace, this.#ring.push(lane))
    return lane
  }
}
