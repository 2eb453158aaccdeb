import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** An image of 8 bits a channel, row after row. */
interface Pixels {
  readonly width: number
  readonly height: number
  /** One colour for each pixel, as 0xRRGGBB. */
  readonly colours: Uint32Array
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const maxColours = 256

/**
 * Writes a screenshot again with a palette of 256 colours, which makes it a third as large. Pages have few colours, and most of the rest are
 * edges of letters. @throws Error if the file is not a PNG of 8-bit RGB or RGBA, as browsers write it
 */
export function toPalettePng(png: Buffer): Buffer {
  const { width, height, colours } = decode(png)
  const palette = choosePalette(colours)
  const places = new Map<number, number>()
  const rows = Buffer.alloc(height * (width + 1))
  for (const [pixel, colour] of colours.entries()) {
    const place = places.get(colour) ?? nearest(palette, colour)
    places.set(colour, place)
    // Each row begins with the number of its filter: 0, none.
    rows[Math.floor(pixel / width) * (width + 1) + 1 + (pixel % width)] = place
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3, 0, 0, 0], 8)
  const entries = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]))
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', entries),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Returns the colours that are used most. Colours that differ in their lowest bits only count as one. */
function choosePalette(colours: Uint32Array): readonly number[] {
  const counts = new Map<number, number>()
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const groups = new Map<number, { colour: number; best: number; count: number }>()
  for (const [colour, count] of counts) {
    const group = groups.get(colour & 0xfcfcfc) ?? { colour, best: 0, count: 0 }
    groups.set(colour & 0xfcfcfc, {
      colour: count > group.best ? colour : group.colour,
      best: Math.max(count, group.best),
      count: group.count + count,
    })
  }
  return [...groups.values()]
    .toSorted((a, b) => b.count - a.count)
    .slice(0, maxColours)
    .map(({ colour }) => colour)
}

function nearest(palette: readonly number[], colour: number): number {
  const distance = (other: number): number =>
    [16, 8, 0].reduce((sum, shift) => sum + (((colour >> shift) & 0xff) - ((other >> shift) & 0xff)) ** 2, 0)
  let best = 0
  for (const [place, other] of palette.entries()) if (distance(other) < distance(palette[best] ?? 0)) best = place
  return best
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

/** Reads a PNG of 8-bit RGB or RGBA without interlacing. Drops the alpha channel, because screenshots are opaque. */
export function decode(png: Buffer): Pixels {
  const chunks = readChunks(png)
  const header = chunks.find(({ type }) => type === 'IHDR')?.data
  const [depth, kind, , , interlaced] = header?.subarray(8) ?? []
  if (header === undefined || depth !== 8 || (kind !== 2 && kind !== 6) || interlaced !== 0)
    throw new Error('The picture is not a PNG of 8-bit RGB or RGBA. Take it with the browser.')
  const [width, height, channels] = [header.readUInt32BE(0), header.readUInt32BE(4), kind === 2 ? 3 : 4]
  const bytes = unfilter(inflateSync(Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data))), {
    height,
    stride: width * channels,
    channels,
  })
  return { width, height, colours: Uint32Array.from({ length: width * height }, (_, pixel) => bytes.readUIntBE(pixel * channels, 3)) }
}

function readChunks(png: Buffer): readonly { readonly type: string; readonly data: Buffer }[] {
  if (!png.subarray(0, 8).equals(signature)) throw new Error('The picture is not a PNG.')
  const chunks: { readonly type: string; readonly data: Buffer }[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + png.readUInt32BE(at)) })
  return chunks
}

/** Undoes the filters of the rows (PNG specification, section 9). */
function unfilter(
  filtered: Buffer,
  { height, stride, channels }: { readonly height: number; readonly stride: number; readonly channels: number },
): Buffer {
  const bytes = Buffer.alloc(height * stride)
  for (let row = 0; row < height; row += 1) {
    const filter = filtered[row * (stride + 1)] ?? 0
    for (let at = 0; at < stride; at += 1) {
      const place = row * stride + at
      const left = at < channels ? 0 : (bytes[place - channels] ?? 0)
      const up = row === 0 ? 0 : (bytes[place - stride] ?? 0)
      const upLeft = at < channels || row === 0 ? 0 : (bytes[place - stride - channels] ?? 0)
      bytes[place] = (filtered[row * (stride + 1) + 1 + at] ?? 0) + predict(filter, left, up, upLeft)
    }
  }
  return bytes
}

function predict(filter: number, left: number, up: number, upLeft: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return Math.floor((left + up) / 2)
  return filter === 4 ? paeth(left, up, upLeft) : 0
}

function paeth(left: number, up: number, upLeft: number): number {
  const guess = left + up - upLeft
  const [toLeft, toUp, toUpLeft] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - upLeft)]
  if (toLeft <= toUp && toLeft <= toUpLeft) return left
  return toUp <= toUpLeft ? up : upLeft
}
