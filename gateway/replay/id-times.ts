/**
 * A map from texts to times, for hundreds of thousands of short-lived ids.
 *
 * A `Map` keeps each id as a string that the garbage collector follows and moves, and each growth of it hashes all of them again. Finding an id in
 * it was a quarter of what a record cost. Here a table of numbers has the places, and the texts lie one behind the other in bytes. Equality is
 * exact: a hash only says where to compare.
 */
export class IdTimes {
  /** Pairs of a hash and the number of an entry, counted from 1; 0: free. A power of two, and at most half of them are used. */
  #slots = new Int32Array(2 * leastSlots)
  #times = new Float64Array(leastSlots)
  /** The end of each entry's text. It begins where the entry before ends. */
  #ends = new Uint32Array(leastSlots)
  #texts = new Uint8Array(leastSlots * 8)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @param hash of the id, the same for each call */
  get(id: string, hash: number): number | undefined {
    const entry = at(this.#slots, this.#slotOf(id, hash) + 1)
    return entry === 0 ? undefined : this.#times[entry - 1]
  }

  set(id: string, hash: number, time: number): void {
    const slot = this.#slotOf(id, hash)
    const entry = at(this.#slots, slot + 1)
    if (entry !== 0) this.#times[entry - 1] = time
    else this.#add(id, time, slot, hash)
  }

  /** Returns the slot of an id, or the free one in which it would be. */
  #slotOf(id: string, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = (hash << 1) & mask
    for (let entry = at(slots, slot + 1); entry !== 0; entry = at(slots, slot + 1)) {
      if (slots[slot] === hash && this.#isText(entry - 1, id)) return slot
      slot = (slot + 2) & mask
    }
    return slot
  }

  #add(id: string, time: number, slot: number, hash: number): void {
    const start = this.#size === 0 ? 0 : at(this.#ends, this.#size - 1)
    if (start + id.length * longestCode > this.#texts.length)
      this.#texts = copyTo(new Uint8Array(2 * (start + id.length * longestCode)), this.#texts)
    if (this.#size === this.#times.length) {
      this.#times = copyTo(new Float64Array(2 * this.#size), this.#times)
      this.#ends = copyTo(new Uint32Array(2 * this.#size), this.#ends)
    }
    this.#ends[this.#size] = writeText(this.#texts, start, id)
    this.#times[this.#size] = time
    this.#size += 1
    this.#slots[slot] = hash
    this.#slots[slot + 1] = this.#size
    if (this.#size * 4 > this.#slots.length) this.#slots = widened(this.#slots)
  }

  #isText(entry: number, id: string): boolean {
    const texts = this.#texts
    const end = at(this.#ends, entry)
    let next = entry === 0 ? 0 : at(this.#ends, entry - 1)
    for (let index = 0; index < id.length; index += 1) {
      const code = id.charCodeAt(index)
      if (next >= end) return false
      if (code < 0x80) {
        if (texts[next] !== code) return false
        next += 1
      } else {
        if (texts[next] !== (0x80 | (code >>> 14)) || texts[next + 1] !== ((code >>> 7) & 0x7f) || texts[next + 2] !== (code & 0x7f))
          return false
        next += longestCode
      }
    }
    return next === end
  }
}

/** Reads an element that is there. */
const at = (array: Int32Array | Uint32Array, index: number): number => array[index] as number

const leastSlots = 32

/** Bytes of a character that is not ASCII. */
const longestCode = 3

/** Writes each character by itself, so that texts which are not valid UTF-16 differ, too. @returns the end */
function writeText(bytes: Uint8Array, start: number, text: string): number {
  let end = start
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x80) {
      bytes[end] = code
      end += 1
    } else {
      bytes[end] = 0x80 | (code >>> 14)
      bytes[end + 1] = (code >>> 7) & 0x7f
      bytes[end + 2] = code & 0x7f
      end += longestCode
    }
  }
  return end
}

function copyTo<T extends Uint8Array | Uint32Array | Float64Array>(larger: T, smaller: T): T {
  larger.set(smaller)
  return larger
}

/** Returns the slots in a table of twice the size. */
function widened(slots: Int32Array): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(2 * slots.length)
  const mask = wider.length - 1
  for (let from = 0; from < slots.length; from += 2) {
    const hash = at(slots, from)
    const entry = at(slots, from + 1)
    if (entry === 0) continue
    let slot = (hash << 1) & mask
    while (wider[slot + 1] !== 0) slot = (slot + 2) & mask
    wider[slot] = hash
    wider[slot + 1] = entry
  }
  return wider
}
