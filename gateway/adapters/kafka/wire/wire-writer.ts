/** Writes requests in both encodings of Kafka's protocol, and records (see `WireReader`). */
export class WireWriter {
  readonly #parts: Buffer[] = []
  readonly #isFlexible: boolean

  /** Begins a flexible request with the tagged fields of its header: none. */
  constructor({ isFlexible = false }: { readonly isFlexible?: boolean } = {}) {
    this.#isFlexible = isFlexible
    this.tags()
  }

  int8(value: number): this {
    return this.#fixed(1, (bytes) => bytes.writeInt8(value))
  }

  int16(value: number): this {
    return this.#fixed(2, (bytes) => bytes.writeInt16BE(value))
  }

  int32(value: number): this {
    return this.#fixed(4, (bytes) => bytes.writeInt32BE(value))
  }

  int64(value: number): this {
    return this.#fixed(8, (bytes) => bytes.writeBigInt64BE(BigInt(value)))
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

  done(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #length(length: number): void {
    if (this.#isFlexible) this.#unsigned(length + 1)
    else this.int32(length)
  }

  #unsigned(value: number): this {
    const bytes: number[] = []
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
    return this.#push(Buffer.from([...bytes, rest]))
  }

  #fixed(size: number, write: (bytes: Buffer) => void): this {
    const bytes = Buffer.allocUnsafe(size)
    write(bytes)
    return this.#push(bytes)
  }

  #push(bytes: Buffer): this {
    this.#parts.push(bytes)
    return this
  }
}
