import { crc32, deflateSync, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, toPalettePng } from './palette-png.ts'

/** A PNG of RGB pixels whose rows have the filters of the list. */
function pngOf(width: number, pixels: readonly number[], filters: readonly number[]): Buffer {
  const height = pixels.length / width
  const stride = width * 3
  const raw = Buffer.from(pixels.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]))
  const rows = Array.from({ length: height }, (_, row) => {
    const filter = filters[row % filters.length] ?? 0
    const at = (place: number, line: number): number => (place < 0 || line < 0 ? 0 : (raw[line * stride + place] ?? 0))
    return Buffer.from([
      filter,
      ...Array.from({ length: stride }).map((_byte, place) => {
        const [left, up, upLeft] = [at(place - 3, row), at(place, row - 1), place < 3 ? 0 : at(place - 3, row - 1)]
        const guess = left + up - upLeft
        const paeth = [left, up, upLeft].toSorted((a, b) => Math.abs(guess - a) - Math.abs(guess - b))[0] ?? 0
        const prediction = [0, left, up, Math.floor((left + up) / 2), paeth][filter] ?? 0
        return (at(place, row) - prediction) & 0xff
      }),
    ])
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data])
    const numbers = Buffer.alloc(8)
    numbers.writeUInt32BE(data.length, 0)
    numbers.writeUInt32BE(crc32(body), 4)
    return Buffer.concat([numbers.subarray(0, 4), body, numbers.subarray(4)])
  }
  return Buffer.concat([
    Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The colours of a PNG with a palette, as the specification reads them: rows without a filter, one byte a pixel. */
async function coloursOf(png: Buffer): Promise<readonly number[]> {
  const partOf = (type: string): Buffer => {
    const at = png.indexOf(type)
    return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))
  }
  const [palette, rows, width] = [partOf('PLTE'), inflateSync(partOf('IDAT')), partOf('IHDR').readUInt32BE(0)]
  return [...rows].flatMap((place, at) => (at % (width + 1) === 0 ? [] : [palette.readUIntBE(place * 3, 3)]))
}

describe('toPalettePng', () => {
  it('keeps every pixel of a picture with few colours, whichever filters its rows have', async () => {
    const picture = fc
      .record({
        width: fc.integer({ min: 1, max: 8 }),
        height: fc.integer({ min: 1, max: 5 }),
        filters: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 5 }),
      })
      .chain(({ width, height, filters }) =>
        fc.record({
          width: fc.constant(width),
          filters: fc.constant(filters),
          pixels: fc.array(fc.constantFrom(0x000000, 0xffffff, 0x8f4d0c, 0x1b6e42, 0xf5f2ec), {
            minLength: width * height,
            maxLength: width * height,
          }),
        }),
      )
    await fc.assert(
      fc.asyncProperty(picture, async ({ width, filters, pixels }) => {
        const png = pngOf(width, pixels, filters)
        expect([...decode(png).colours]).toEqual(pixels)
        expect(await coloursOf(toPalettePng(png))).toEqual(pixels)
      }),
    )
  })

  it('gives a colour beyond the 256 that are used most the one that is nearest', async () => {
    const common = Array.from({ length: 256 }, (_, n) => (n % 16) * 0x100000 + Math.floor(n / 16) * 0x1000)
    const colours = await coloursOf(toPalettePng(pngOf(513, [...common, ...common, 0x101104], [0])))
    expect(colours.slice(0, 256)).toEqual(common)
    expect(colours.at(-1)).toBe(0x101000)
  })

  it('refuses what is not a PNG', () => {
    expect(() => toPalettePng(Buffer.from('GIF89a'))).toThrow('not a PNG')
  })
})
