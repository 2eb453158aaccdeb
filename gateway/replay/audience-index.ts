import { Deque, partitionPoint } from './deque.ts'

/** Which entries concern whom: per audience key, the sequence numbers in ascending order. Trimmed from the front as the log drops entries. */
export class AudienceIndex {
  readonly #listsByKey = new Map<string, KeyList>()
  /** Per entry, its one list or all of its lists: an entry that is forgotten finds them without a look-up. */
  readonly #listsOfEntries = new Deque<KeyList | readonly KeyList[]>()
  /** Keys of all entries together, but for the first of each, which an entry's own overhead covers. */
  #furtherKeys = 0

  /** What the index, and the audiences themselves, take. An event for 1,000 users takes 20 to 300 times as much here as in the log. */
  get bytes(): number {
    return this.#listsByKey.size * keyBytes + this.#furtherKeys * furtherKeyBytes
  }

  get keyCount(): number {
    return this.#listsByKey.size
  }

  add(seq: number, keys: readonly string[]): void {
    this.#furtherKeys += Math.max(0, keys.length - 1)
    const [first] = keys
    const lists = first !== undefined && keys.length === 1 ? this.#listOf(first) : keys.map((key) => this.#listOf(key))
    if (lists instanceof KeyList) lists.seqs.push(seq)
    else for (const { seqs } of lists) seqs.push(seq)
    this.#listsOfEntries.push(lists)
  }

  #listOf(key: string): KeyList {
    let list = this.#listsByKey.get(key)
    if (list === undefined) {
      list = new KeyList(key)
      this.#listsByKey.set(key, list)
    }
    return list
  }

  /** Forgets the oldest entry. @returns how many keys it had */
  drop(): number {
    const lists = this.#listsOfEntries.shift() ?? []
    if (lists instanceof KeyList) {
      this.#shorten(lists)
      return 1
    }
    this.#furtherKeys -= Math.max(0, lists.length - 1)
    for (const list of lists) this.#shorten(list)
    return lists.length
  }

  #shorten({ key, seqs }: KeyList): void {
    seqs.shift()
    if (seqs.length === 0) this.#listsByKey.delete(key)
  }

  /**
   * Calls `visit` with each sequence number from `from` on that is listed under any of the keys, ascending, each once, until it
   * returns false. Costs what it visits plus a binary search per key, however long the log is.
   */
  visit(keys: readonly string[], from: number, visit: (seq: number) => boolean): void {
    const readers: Reader[] = []
    for (const key of keys) {
      const seqs = this.#listsByKey.get(key)?.seqs
      const last = seqs?.last()
      if (seqs === undefined || last === undefined || last < from) continue
      const at = last === from ? seqs.length - 1 : partitionPoint(seqs, (seq) => seq < from)
      readers.push({ seqs, at, seq: seqs.at(at) ?? Infinity })
    }
    for (let seq = smallest(readers); seq !== Infinity; seq = smallest(readers)) {
      if (!visit(seq)) return
      for (const reader of readers) if (reader.seq === seq) advance(reader)
    }
  }
}

/** A key with its deque, and its place in the map. Measured at 10^5 keys. */
export const keyBytes = 256
/** Bytes of a name in an audience, of its entry's place in the key's list, and of that list's place among those of the entry. Measured with names of 36 characters. */
export const furtherKeyBytes = 80

/** The sequence numbers under one key, ascending. */
class KeyList {
  readonly key: string
  readonly seqs = new Deque<number>()

  constructor(key: string) {
    this.key = key
  }
}

interface Reader {
  readonly seqs: Deque<number>
  at: number
  seq: number
}

function advance(reader: Reader): void {
  reader.at += 1
  reader.seq = reader.seqs.at(reader.at) ?? Infinity
}

function smallest(readers: readonly Reader[]): number {
  let result = Infinity
  for (const reader of readers) if (reader.seq < result) result = reader.seq
  return result
}
