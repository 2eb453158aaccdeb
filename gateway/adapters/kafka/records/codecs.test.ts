import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { codecs, maxDecompressedBytes } from './codecs.ts'
import { longestTurnMs } from './testing/drain.ts'
import { compress, compressionNames } from './testing/test-batch.ts'
import { WasmCodecs } from './wasm-codecs.ts'

const [gzip, snappy, lz4, zstd] = [1, 2, 3, 4]
const decompress = async (type: number, bytes: Buffer): Promise<Buffer | undefined> => codecs[type]?.decompress(bytes)
const text = Buffer.from('carillon '.repeat(20_000))
const types = [1, 2, 3, 4].map((type) => [compressionNames[type] ?? '', type] as const)

describe.each(types)('the codec of %s', (_name, type) => {
  it('decompresses what it compressed, small and large', async () => {
    for (const bytes of [Buffer.from('x'), text, Buffer.alloc(3_000_000, text)]) {
      const compressed = await compress(bytes, type)
      expect((await decompress(type, compressed))?.equals(bytes)).toBe(true)
    }
  })

  it('refuses a batch that grows by one byte beyond the bound, and accepts one at the bound', async () => {
    const [within, beyond] = [
      await compress(Buffer.alloc(maxDecompressedBytes), type),
      await compress(Buffer.alloc(maxDecompressedBytes + 1), type),
    ]
    expect((await decompress(type, within))?.length).toBe(maxDecompressedBytes)
    await expect(decompress(type, beyond)).rejects.toThrow(`would have more than ${maxDecompressedBytes} bytes`)
  })

  it('lets the event loop turn while it decompresses as much as the bound allows', async () => {
    const bytes = await compress(Buffer.alloc(maxDecompressedBytes, text), type)
    expect(await longestTurnMs(() => codecs[type]?.decompress(bytes) ?? Promise.reject(new Error('no such codec')))).toBeLessThan(50)
  })

  it('refuses damaged bytes, small and large, and decompresses good ones afterwards', async () => {
    const good = await compress(text, type)
    const large = await compress(Buffer.alloc(3_000_000, text), type)
    for (const bytes of [Buffer.alloc(0), Buffer.from([1]), Buffer.alloc(100, 0xff), good.subarray(0, -20), large.subarray(0, -20)]) {
      const result = await decompress(type, bytes).catch((cause: unknown) => cause)
      expect(result instanceof RangeError || (result instanceof Buffer && result.length === 0), String(result)).toBe(true)
      expect(await decompress(type, good)).toEqual(text)
    }
  })
})

describe('gzip and zstd', () => {
  it('read all members and frames of a batch', async () => {
    expect(await decompress(gzip ?? 0, Buffer.concat([gzipSync('one, '), gzipSync('two')]))).toEqual(Buffer.from('one, two'))
    expect(await decompress(zstd ?? 0, Buffer.concat([zstdCompressSync('one, '), zstdCompressSync('two')]))).toEqual(
      Buffer.from('one, two'),
    )
  })
})

describe('snappy', () => {
  const xerialHead = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
  const chunk = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 0xff]), bytes])

  it('refuses to allocate a claimed size that its bytes cannot hold', async () => {
    await expect(decompress(snappy ?? 0, Buffer.from([0x80, 0x80, 0x80, 0x08, 1, 2]))).rejects.toThrow(
      '6 bytes of snappy claim to decompress to 16777216, which snappy cannot',
    )
  })

  it('reads the frames of the Java client, of several chunks and several streams', async () => {
    const parts = await Promise.all(['one, ', 'two, ', 'three'].map((part) => compress(Buffer.from(part), 2)))
    const [one, two, three] = parts.map(chunk)
    const framed = Buffer.concat([xerialHead, one ?? xerialHead, two ?? xerialHead, xerialHead, three ?? xerialHead])
    expect(await decompress(snappy ?? 0, framed)).toEqual(Buffer.from('one, two, three'))
  })

  // The old library allocated the size that each chunk claimed: 8 GB and 93 s for these 88 bytes (S7).
  it.each([
    [
      "88 bytes of the Java client's frames that claim 4 GiB",
      Buffer.concat([xerialHead, ...Array.from({ length: 8 }, () => chunk(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x02])))]),
    ],
    ['7 bytes that claim 4 GiB', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2])],
    ['a chunk that ends beyond the batch', Buffer.concat([xerialHead, Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2])])],
    ['a chunk of a negative size', Buffer.concat([xerialHead, Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2])])],
    ['half a head', xerialHead.subarray(0, 12)],
  ])('refuses %s at once', async (_what, bytes) => {
    expect(await longestTurnMs(() => expect(decompress(snappy ?? 0, bytes)).rejects.toThrow(RangeError))).toBeLessThan(20)
  })
})

describe('the WebAssembly of lz4 and snappy', () => {
  it('works after a thousand traps, and keeps no more memory than its bound', async () => {
    const wasm = new WasmCodecs()
    const good = await compress(text, lz4 ?? 0)
    const bad = Buffer.from(good)
    bad.fill(0xff, 20, 100)
    for (let round = 0; round < 1_000; round++) {
      expect(() => wasm.call('lz4_decompress', bad)).toThrow(RangeError)
      expect(wasm.heldBytes).toBeLessThanOrEqual(16_777_216)
    }
    expect(wasm.call('lz4_decompress', good).equals(text)).toBe(true)
  })

  it('gives the memory of a large batch back', async () => {
    const wasm = new WasmCodecs()
    wasm.call('snappy_decompress', await compress(Buffer.alloc(20_000_000), 2))
    expect(wasm.heldBytes).toBe(0)
  })
})
