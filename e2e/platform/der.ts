/** Writes the few kinds of DER (ITU-T X.690) that a certificate is made of. */

/** @param tag one byte, as in X.690, 8.1.2 */
export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(body.length)]), body])
}

export const sequence = (...members: readonly Buffer[]): Buffer => der(0x30, ...members)
export const setOf = (...members: readonly Buffer[]): Buffer => der(0x31, ...members)
export const octets = (content: Buffer): Buffer => der(0x04, content)
export const bits = (content: Buffer, unusedBits = 0): Buffer => der(0x03, Buffer.from([unusedBits]), content)
export const yes = der(0x01, Buffer.from([0xff]))
export const text = (value: string): Buffer => der(0x0c, Buffer.from(value, 'utf8'))

/** A whole number that is not negative, from its bytes: the first bit is a sign, hence the zero before a byte of 128 and more. */
export function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const significant = first === -1 ? Buffer.from([0]) : bytes.subarray(first)
  return der(0x02, (significant[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), significant]) : significant)
}

/** An object identifier, as `2.5.29.17`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...others.flatMap(base128)]))
}

/** A time in seconds, years 1950 to 2049 (RFC 5280, 4.1.2.5.1). */
export function utcTime(at: Date): Buffer {
  return der(0x17, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))
}

/** Something that stands in a field of its own number. */
export const field = (number: number, ...content: readonly Buffer[]): Buffer => der(0xa0 + number, ...content)

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const bytes = [length >> 16, (length >> 8) & 0xff, length & 0xff]
  const significant = bytes.slice(bytes.findIndex((byte) => byte !== 0))
  return [0x80 + significant.length, ...significant]
}

function base128(value: number): readonly number[] {
  const digits = [value & 0x7f]
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}
