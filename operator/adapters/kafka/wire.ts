/**
 * The first encoding of Kafka's protocol, before its "flexible versions": https://kafka.apache.org/protocol.html#protocol_types.
 * Every broker from 2.4 to 4.x speaks a version of each request in it. Answers are read by the gateway's `WireReader`.
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
