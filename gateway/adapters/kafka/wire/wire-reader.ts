/**
 * Reads bytes of Kafka: responses of brokers, and the records in them. https://kafka.apache.org/protocol.html#protocol_types
 *
 * A response has one of two encodings. "Flexible" versions have compact lengths and tagged fields. The others have lengths of fixed size and
 * no tags. Records have an encoding of their own: zigzag varints (`varint`, `varlong`).
 *
 * Every method throws a RangeError when bytes are missing. A length or a count is compared with the remaining bytes before anything
 * is allocated. A response therefore costs no more memory than a small multiple of its own size, and no loop is longer than the response.
 */
export class WireReader {
  readonly #bytes: Buffer
  readonly #isFlexible: boolean
  #at = 0

  constructor(bytes: Buffer, { isFlexible = false }: { readonly isFlexible?: boolean } = {}) {
    this.#bytes = bytes
    this.#isFlexible = isFlexible
  }

  /** Position of the next byte. */
  get at(): number {
    return this.#at
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

  /**
   * Reads an offset or a time.
   * @throws RangeError when a number cannot hold it: no topic is that long
   */
  int64(): number {
    const value = Number(this.bigint64())
    if (!Number.isSafeInteger(value)) throw new RangeError('offset too large: at or above 2^53')
    return value
  }

  /** Reads a zigzag number of 32 bits, as records have it. */
  varint(): number {
    const bytes = this.#bytes
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[this.#at++]
      if (byte === undefined) throw new RangeError('the bytes end within a number')
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return (result >>> 1) ^ -(result & 1)
    }
    throw new RangeError('a number of 32 bits is longer than 5 bytes')
  }

  /** Reads a zigzag number of 64 bits, as records have it. Exact below 2^52 only, which is enough for differences of times. */
  varlong(): number {
    const bytes = this.#bytes
    let result = 0
    let factor = 1
    for (let count = 0; count < 10; count++) {
      const byte = bytes[this.#at++]
      if (byte === undefined) throw new RangeError('the bytes end within a number')
      result += (byte & 0x7f) * factor
      if (byte < 0x80) return result % 2 === 0 ? result / 2 : -(result + 1) / 2
      factor *= 128
    }
    throw new RangeError('a number of 64 bits is longer than 10 bytes')
  }

  /** Reads the bytes behind a zigzag length, as a view. Null for the length -1. */
  varbytes(): Buffer | null {
    const length = this.varint()
    if (length === -1) return null
    const from = this.#move(length)
    return this.#bytes.subarray(from, from + length)
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  uuid(): string {
    const from = this.#move(16)
    return this.#bytes.toString('hex', from, from + 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }

  /** Reads a text, or null. */
  string(): string | null {
    const length = this.#isFlexible ? this.#unsigned() - 1 : this.int16()
    if (length < 0) return null
    const from = this.#move(length)
    return this.#bytes.toString('utf8', from, from + length)
  }

  /** Moves to a position within the bytes, also backwards. */
  seek(at: number): void {
    this.#at = at
  }

  skip(bytes: number): void {
    this.#move(bytes)
  }

  skipString(): void {
    this.#move(Math.max(0, this.#isFlexible ? this.#unsigned() - 1 : this.int16()))
  }

  /** Reads bytes as a view, not a copy. Null is read as empty. */
  bytes(): Buffer {
    const length = this.#isFlexible ? this.#unsigned() - 1 : this.int32()
    if (length <= 0) return this.#bytes.subarray(0, 0)
    const from = this.#move(length)
    return this.#bytes.subarray(from, from + length)
  }

  /**
   * Reads a list. Null is read as empty.
   *
   * @param leastBytes least size of one item: a count that cannot fit into the rest is refused at once
   */
  array<T>(decode: () => T, leastBytes = 1): T[] {
    const items: T[] = []
    for (let left = this.#count(leastBytes); left > 0; left--) items.push(decode())
    return items
  }

  /**
   * Skips a list of items of one size.
   * @returns their number
   */
  skipArray(itemBytes: number): number {
    const count = this.#count(itemBytes)
    this.#move(count * itemBytes)
    return count
  }

  /**
   * Reads the tagged fields at the end of a structure. A version that is not flexible has none.
   *
   * @param known called with the bytes of each tag
   */
  tags(known?: (tag: number, reader: WireReader) => void): void {
    if (!this.#isFlexible) return
    const count = this.#unsigned()
    if (count * 2 > this.remaining) throw new RangeError('there are more tagged fields than bytes')
    for (let left = count; left > 0; left--) {
      const tag = this.#unsigned()
      const length = this.#unsigned()
      const from = this.#move(length)
      known?.(tag, new WireReader(this.#bytes.subarray(from, from + length), { isFlexible: true }))
    }
  }

  #count(leastBytes: number): number {
    const count = this.#isFlexible ? this.#unsigned() - 1 : this.int32()
    if (count * leastBytes > this.remaining) throw new RangeError(`${count} items do not fit into ${this.remaining} bytes`)
    return Math.max(0, count)
  }

  #unsigned(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#move(1))
      result += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return result
    }
    throw new RangeError('a length is longer than 5 bytes')
  }

  #move(bytes: number): number {
    const from = this.#at
    if (bytes < 0 || from + bytes > this.#bytes.length)
      throw new RangeError(`a field of ${bytes} bytes exceeds the ${this.remaining} bytes left`)
    this.#at += bytes
    return from
  }
}
