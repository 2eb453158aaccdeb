/** Writes a request, in both encodings of Kafka's protocol (see `WireReader`). */
export class WireWriter {
  readonly #parts: Buffer[] = []
  readonly #isFlexible: boolean

  /** A flexible request begins with the tagged fields of its header: none. */
  constructor({ isFlexible }: { readonly isFlexible: boolean }) {
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

  /** @param id as text; null: all zeros */
  uuid(id: string | null): this {
    return this.#push(id === null ? Buffer.alloc(16) : Buffer.from(id.replaceAll('-', ''), 'hex'))
  }

  string(text: string | null): this {
    const bytes = text === null ? null : Buffer.from(text)
    if (this.#isFlexible) this.#varint(bytes === null ? 0 : bytes.length + 1)
    else this.int16(bytes === null ? -1 : bytes.length)
    return bytes === null ? this : this.#push(bytes)
  }

  bytes(value: Buffer): this {
    this.#length(value.length)
    return this.#push(value)
  }

  array<T>(items: readonly T[], encode: (item: T) => void): this {
    this.#length(items.length)
    for (const item of items) encode(item)
    return this
  }

  /** Writes that a structure has no tagged fields. */
  tags(): this {
    return this.#isFlexible ? this.#varint(0) : this
  }

  done(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #length(length: number): void {
    if (this.#isFlexible) this.#varint(length + 1)
    else this.int32(length)
  }

  #varint(value: number): this {
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
