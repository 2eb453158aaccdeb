/**
 * Reads what a broker answered, in both encodings of Kafka's protocol: https://kafka.apache.org/protocol.html#protocol_types. "Flexible" versions
 * have compact lengths and tagged fields; the others have lengths of fixed size and no tags.
 *
 * Every method throws a RangeError when bytes are missing. A length or a count is compared with the bytes that are left before anything
 * is allocated, so an answer costs no more memory than a small multiple of its own size, and no loop is longer than the answer.
 */
export class WireReader {
  readonly #bytes: Buffer
  readonly #isFlexible: boolean
  #at = 0

  constructor(bytes: Buffer, { isFlexible = false }: { readonly isFlexible?: boolean } = {}) {
    this.#bytes = bytes
    this.#isFlexible = isFlexible
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  int8(): number {
    return this.#bytes.readInt8(this.#move(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#move(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#move(4))
  }

  bigint64(): bigint {
    return this.#bytes.readBigInt64BE(this.#move(8))
  }

  /** An offset or a time. @throws RangeError when a number cannot hold it: no log is that long */
  int64(): number {
    const value = Number(this.bigint64())
    if (!Number.isSafeInteger(value)) throw new RangeError('an offset beyond all logs')
    return value
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  uuid(): string {
    const from = this.#move(16)
    return this.#bytes.toString('hex', from, from + 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }

  /** Null for null. */
  string(): string | null {
    const length = this.#isFlexible ? this.#varint() - 1 : this.int16()
    if (length < 0) return null
    const from = this.#move(length)
    return this.#bytes.toString('utf8', from, from + length)
  }

  skip(bytes: number): void {
    this.#move(bytes)
  }

  skipString(): void {
    this.#move(Math.max(0, this.#isFlexible ? this.#varint() - 1 : this.int16()))
  }

  /** A view of the answer, not a copy. Null is read as empty. */
  bytes(): Buffer {
    const length = this.#isFlexible ? this.#varint() - 1 : this.int32()
    if (length <= 0) return this.#bytes.subarray(0, 0)
    const from = this.#move(length)
    return this.#bytes.subarray(from, from + length)
  }

  /** Reads a list; null is read as empty. @param leastBytes of one item: a count that cannot fit into the rest is refused at once */
  array<T>(decode: () => T, leastBytes = 1): T[] {
    const items: T[] = []
    for (let left = this.#count(leastBytes); left > 0; left--) items.push(decode())
    return items
  }

  /** Skips a list of items that have one size. @returns their number */
  skipArray(itemBytes: number): number {
    const count = this.#count(itemBytes)
    this.#move(count * itemBytes)
    return count
  }

  /** Reads the tagged fields at the end of a structure; there are none in a version that is not flexible. @param known is given the bytes of each tag */
  tags(known?: (tag: number, reader: WireReader) => void): void {
    if (!this.#isFlexible) return
    const count = this.#varint()
    if (count * 2 > this.remaining) throw new RangeError('more tagged fields than bytes')
    for (let left = count; left > 0; left--) {
      const tag = this.#varint()
      const length = this.#varint()
      const from = this.#move(length)
      known?.(tag, new WireReader(this.#bytes.subarray(from, from + length), { isFlexible: true }))
    }
  }

  #count(leastBytes: number): number {
    const count = this.#isFlexible ? this.#varint() - 1 : this.int32()
    if (count * leastBytes > this.remaining) throw new RangeError(`${count} items do not fit into ${this.remaining} bytes`)
    return Math.max(0, count)
  }

  #varint(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#move(1))
      result += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return result
    }
    throw new RangeError('a number of more than 5 bytes')
  }

  #move(bytes: number): number {
    const from = this.#at
    if (bytes < 0 || from + bytes > this.#bytes.length) throw new RangeError('the answer ends early')
    this.#at += bytes
    return from
  }
}
