import fc from 'fast-check'

/** Bytes of a client after a valid handshake: frames of RFC 6455, most of which break a rule. */
export const frameBytes: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: frame() },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
      ),
      { minLength: 1, maxLength: 8 },
    ),
    fc.nat({ max: 3 }),
  )
  .map(([frames, cut]) => {
    const all = Buffer.concat(frames)
    return cut === 3 ? all.subarray(0, Math.ceil(all.length / 2)) : all
  })

function frame(): fc.Arbitrary<Buffer> {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => Buffer.from(text)),
    fc.constantFrom(125, 126, 127, 4_096, 4_097, 70_000).map((bytes) => Buffer.alloc(bytes, 'x')),
    // Closes: codes that may be sent, and those that must not.
    fc
      .tuple(
        fc.constantFrom(0, 999, 1000, 1001, 1002, 1004, 1005, 1006, 1011, 1015, 2999, 3000, 4000, 4999, 5000, 65_535),
        fc.string({ maxLength: 10 }),
      )
      .map(([code, reason]) => Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])),
  )
  return fc
    .record({
      opcode: fc.constantFrom(0, 1, 1, 1, 2, 2, 3, 8, 9, 9, 9, 10, 10, 11, 15),
      reserved: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x20, 0x10),
      isFinal: fc.constantFrom(true, true, true, false),
      isMasked: fc.constantFrom(true, true, true, true, true, true, true, true, true, true, false),
      width: fc.constantFrom(0, 0, 0, 2, 8),
      payload,
      claimed: fc.option(fc.constantFrom(0n, 5n, 2n ** 31n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n), { freq: 2 }),
    })
    .map(({ opcode, reserved, isFinal, isMasked, width, payload: content, claimed }) => {
      const length = lengthBytes(claimed ?? BigInt(content.length), width)
      const mask = Buffer.from([1, 2, 3, 4])
      const [first = 0, ...more] = length
      const head = Buffer.from([(isFinal ? 0x80 : 0) | reserved | opcode, (isMasked ? 0x80 : 0) | first, ...more])
      return isMasked
        ? Buffer.concat([head, mask, content.map((byte, index) => byte ^ (mask[index & 3] ?? 0))])
        : Buffer.concat([head, content])
    })
}

/** Writes a frame. @param width bytes of the length: too small a width is made larger, and one that is too large stays, which breaks a rule */
function lengthBytes(length: bigint, width: number): readonly number[] {
  if (width === 0 && length < 126n) return [Number(length)]
  if (width < 8 && length < 65_536n) return [126, Number(length >> 8n), Number(length & 255n)]
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(length)
  return [127, ...bytes]
}
