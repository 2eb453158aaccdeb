import { describe, expect, it } from 'vitest'
import { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

describe('the wire', () => {
  it.each([true, false])('is read as it was written (flexible: %s)', (isFlexible) => {
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

  it('refuses a number of more than five bytes, and an offset beyond what a number can hold', () => {
    expect(() => new WireReader(Buffer.alloc(10, 0xff), { isFlexible: true }).string()).toThrow('more than 5 bytes')
    expect(() => new WireReader(Buffer.from('7fffffffffffffff', 'hex')).int64()).toThrow(RangeError)
  })
})
