import { describe, expect, it } from 'vitest'
import { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

describe('a wire reader', () => {
  it.each([true, false])('reads what a wire writer wrote (flexible: %s)', (isFlexible) => {
    const id = '01234567-89ab-cdef-0123-456789abcdef'
    const writer = new WireWriter({ isFlexible })
      .int8(-3)
      .int16(-300)
      .int32(-70_000)
      .int64(2 ** 40)
      .boolean(true)
      .uuid(id)
      .uuid(null)
      .string('p\u00e4ss')
      .string('')
      .string(null)
      .bytes(Buffer.from('x'.repeat(20_000)))
    const bytes = writer
      .array([1, 2], (item) => writer.int32(item))
      .array([], () => undefined)
      .array([7, 8], (item) => writer.int32(item))
      .tags()
      .done()
    const reader = new WireReader(bytes, { isFlexible })
    reader.tags()
    expect([reader.int8(), reader.int16(), reader.int32(), reader.int64(), reader.boolean(), reader.uuid()]).toEqual([
      -3,
      -300,
      -70_000,
      2 ** 40,
      true,
      id,
    ])
    expect([reader.uuid(), reader.string(), reader.string(), reader.string()]).toEqual([
      '00000000-0000-0000-0000-000000000000',
      'p\u00e4ss',
      '',
      null,
    ])
    expect(reader.bytes().toString()).toBe('x'.repeat(20_000))
    expect([reader.array(() => reader.int32()), reader.array(() => reader.int32()), reader.skipArray(4)]).toEqual([[1, 2], [], 2])
    reader.tags()
    expect(reader.remaining).toBe(0)
    expect(() => reader.int8()).toThrow(RangeError)
  })

  it('reads a null list and null bytes as empty', () => {
    const fixed = new WireReader(new WireWriter().int32(-1).int32(-1).done())
    expect([fixed.array(() => fixed.int32()), fixed.bytes().length, fixed.remaining]).toEqual([[], 0, 0])
    const flexible = new WireReader(Buffer.alloc(2), { isFlexible: true })
    expect([flexible.array(() => flexible.int32()), flexible.bytes().length, flexible.remaining]).toEqual([[], 0, 0])
  })

  it('reads the numbers and fields of a record as a wire writer wrote them', () => {
    const numbers = [0, -1, 1, 63, -64, 64, 300, -(2 ** 31), 2 ** 31 - 1]
    const writer = new WireWriter()
    for (const value of numbers) writer.varint(value)
    for (const value of [...numbers, -(2 ** 51), 2 ** 51]) writer.varint(value)
    const bytes = writer.varbytes('p\u00e4ss').varbytes(Buffer.alloc(0)).varbytes(null).raw(Buffer.from('end')).done()
    const reader = new WireReader(bytes)
    expect(numbers.map(() => reader.varint())).toEqual(numbers)
    expect([...numbers, 0, 0].map(() => reader.varlong())).toEqual([...numbers, -(2 ** 51), 2 ** 51])
    expect([reader.varbytes()?.toString(), reader.varbytes()?.length, reader.varbytes()]).toEqual(['p\u00e4ss', 0, null])
    expect([reader.at, reader.remaining]).toEqual([bytes.length - 3, 3])
  })

  it.each(['ffffffff0f', 'ffffffff07', '8080808008'])('refuses a count that cannot fit (%s) before it reads an item', (hex) => {
    const reader = (): WireReader => new WireReader(Buffer.from(hex, 'hex'), { isFlexible: true })
    let read = 0
    expect(() => reader().array(() => read++)).toThrow(RangeError)
    for (const use of [
      (r: WireReader) => r.string(),
      (r: WireReader) => r.bytes(),
      (r: WireReader) => r.tags(),
      (r: WireReader) => r.skipArray(4),
    ])
      expect(() => use(reader())).toThrow(RangeError)
    expect(read).toBe(0)
  })

  it('refuses a number longer than its encoding allows, and an offset of 2^53 or more', () => {
    expect(() => new WireReader(Buffer.alloc(10, 0xff), { isFlexible: true }).string()).toThrow('longer than 5 bytes')
    expect(() => new WireReader(Buffer.alloc(10, 0xff)).varint()).toThrow('longer than 5 bytes')
    expect(() => new WireReader(Buffer.alloc(11, 0xff)).varlong()).toThrow('longer than 10 bytes')
    expect(() => new WireReader(Buffer.alloc(2, 0xff)).varint()).toThrow(RangeError)
    expect(() => new WireReader(Buffer.alloc(2, 0xff)).varbytes()).toThrow(RangeError)
    expect(() => new WireReader(Buffer.from('7fffffffffffffff', 'hex')).int64()).toThrow(RangeError)
  })
})
