/** Size of a writer's first buffer. A fetch of a few partitions fits. */
const firstBytes = 256

/**
 * Writes requests in both encodings of Kafka's protocol, and records (see `WireReader`). All fields go into one buffer, which doubles when
 * it is full. A buffer for each field costs a fetch several times as much.
 */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(firstBytes)
  #at = 0
  readonly #isFlexible: boolean

  /** Begins a flexible request with the tagged fields of its header: none. */
  constructor({ isFlexible = false }: { readonly isFlexible?: boolean } = {}) {
    this.#isFlexible = isFlexible
    this.tags()
  }

  int8(value: number): this {
    this.#reserve(1)
    this.#at = this.#bytes.writeInt8(value, this.#at)
    return this
  }

  int16(value: number): this {
    this.#reserve(2)
    this.#at = this.#bytes.writeInt16BE(value, this.#at)
    return this
  }

  int32(value: number): this {
    this.#reserve(4)
    this.#at = this.#bytes.writeInt32BE(value, this.#at)
    return this
  }

  int64(value: number): this {
    this.#reserve(8)
    this.#at = this.#bytes.writeBigInt64BE(BigInt(value), this.#at)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  /** Writes an id given as text. Null is written as zeros. */
  uuid(id: string | null): this {
    return this.#push(id === null ? Buffer.alloc(16) : Buffer.from(id.replaceAll('-', ''), 'hex'))
  }

  string(text: string | null): this {
    const bytes = text === null ? null : Buffer.from(text)
    if (this.#isFlexible) this.#unsigned(bytes === null ? 0 : bytes.length + 1)
    else this.int16(bytes === null ? -1 : bytes.length)
    return bytes === null ? this : this.#push(bytes)
  }

  bytes(value: Buffer): this {
    this.#length(value.length)
    return this.#push(value)
  }

  /** Writes bytes without a length before them. */
  raw(value: Buffer): this {
    return this.#push(value)
  }

  /** Writes a zigzag number, as records have it. Exact up to 2^52. */
  varint(value: number): this {
    return this.#unsigned(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** Writes bytes behind a zigzag length. Null has the length -1. */
  varbytes(content: Buffer | string | null): this {
    if (content === null) return this.varint(-1)
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    return this.varint(bytes.length).#push(bytes)
  }

  array<T>(items: readonly T[], encode: (item: T) => void): this {
    this.#length(items.length)
    for (const item of items) encode(item)
    return this
  }

  /** Ends a structure that has no tagged fields. */
  tags(): this {
    return this.#isFlexible ? this.#unsigned(0) : this
  }

  /** Returns what was written. The writer is not used afterwards. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #length(length: number): void {
    if (this.#isFlexible) this.#unsigned(length + 1)
    else this.int32(length)
  }

  #unsigned(value: number): this {
    this.#reserve(8)
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#at++] = (rest % 0x80) | 0x80
    this.#bytes[this.#at++] = rest
    return this
  }

  #push(bytes: Buffer): this {
    this.#reserve(bytes.length)
    this.#at += bytes.copy(this.#bytes, this.#at)
    return this
  }

  /** Makes room for so many bytes. */
  #reserve(bytes: number): void {
    const least = this.#at + bytes
    if (least <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(least, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
