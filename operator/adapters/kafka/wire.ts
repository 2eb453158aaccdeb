/**
 * The first encoding of Kafka's protocol, before its "flexible versions": https://kafka.apache.org/protocol.html#protocol_types.
 * Every broker from 2.4 to 4.x speaks a version of each request in it.
 */

export const int8 = (value: number): Buffer => Buffer.from([value & 0xff])

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

export const boolean = (value: boolean): Buffer => int8(value ? 1 : 0)

export function string(text: string | null): Buffer {
  if (text === null) return int16(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([int16(bytes.length), bytes])
}

export function array<T>(items: readonly T[], encode: (item: T) => Buffer): Buffer {
  return Buffer.concat([int32(items.length), ...items.map(encode)])
}

/** Reads what a broker answered. Every method throws a RangeError when the bytes end early. */
export class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
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

  boolean(): boolean {
    return this.int8() !== 0
  }

  string(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const from = this.#move(length)
    return this.#bytes.toString('utf8', from, from + length)
  }

  skip(bytes: number): void {
    this.#move(bytes)
  }

  skipString(): void {
    this.#move(Math.max(0, this.int16()))
  }

  /** Null is read as empty. */
  array<T>(decode: () => T): T[] {
    const items: T[] = []
    for (let left = this.int32(); left > 0; left--) items.push(decode())
    return items
  }

  #move(bytes: number): number {
    const from = this.#at
    if (from + bytes > this.#bytes.length) throw new RangeError('the answer ends early')
    this.#at += bytes
    return from
  }
}
