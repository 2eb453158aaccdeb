import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { codecs } from './codecs.ts'
import { walkLz4Frames } from './lz4-frames.ts'
import { longestTurnMs } from './testing/drain.ts'

/** Content of all frames here: 200,000 bytes, in blocks of 64 KiB four of them. */
const text = Buffer.alloc(200_000, 'carillon ')

/** Written once by the command `lz4` 1.9.4, then made shorter with zlib. Each library of a producer writes one of these kinds. */
const frames: Readonly<Record<string, string>> = {
  'independent blocks, block checksums, content checksum':
    'eNpjUfKVKHHYK8zIwDA/ObEoMycnP0+Bk+H/CAf3A8BBkem1KhocNHkK0MAZDZr7AeCgODlxbTU4aEAJBiwyGjT3A8BBIZt7eq8CAzBoILkJKIIWNDoBYGGbjGeOQGUM/it/zAIADO8zRQ==',
  'linked blocks, content checksum':
    'eNpjUfKVcHGIE2ZkYJifnFiUmZOTn6fAyfB/hIP7AeCg4AIGC//PkR4Y/18EgJMGOJGA0geYN5pI7geAg0KcATORmAaAgwkow+C/8scsALUOJnU=',
  'linked blocks, block checksums, content size':
    'eNpjUfKViHFw4GVmAIE7wowMDPOTE4syc3Ly8xQ4Gf6PcHA/ABwUmV6rormAQcP/c6QHyP8XAeDk4dK+zRWcWEDpBCwymljuB4CDQjb39F5xBszEYhoADio5Px87UF7zX/ljFgCmUy3h',
  'independent blocks, no checksum':
    'eNpjUfKVSHBoEmZkYJifnFiUmZOTn6fAyfB/hIP7AeCgAAdLngI0YEaD5X4AOCjAwQJKKGDeaLDcDwAHhQIDMFggOQjIQwsWnQCwMFAJAwAc5ShV',
  'one block of 4 MiB, content size': 'eNpjUfKVyAlw4GVmAIE4ZSA9PzmxKDMnJz9PgZPh/ygYBaMADvQDgNkiORGUV/xX/pgFAD+LGB8=',
  'blocks of 256 KiB, linked, no checksum': 'eNpjUfKVSAj4rczMwDA/ObEoMycnP0+Bk+H/KBgFowAO9AOA2SI5kQEIAKTdFdY=',
  'high compression, linked blocks':
    'eNpjUfKVcHGIE2ZkYJifnFiUmZOTn6fAyfB/hIP7AeCg4AIGC/9oaLwIACeN0dCAhkaeAjA8xBkwQ8M0IB8kB5Rh8F/5YxYA6QUekw==',
}

const frameOf = (packed: string): Buffer => inflateSync(Buffer.from(packed, 'base64'))
const decompress = async (bytes: Buffer): Promise<Buffer | undefined> => codecs[3]?.decompress(bytes)
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])

describe('lz4', () => {
  // aiokafka writes checksums of blocks: all of its batches were unreadable (K2).
  it.each(Object.entries(frames))('reads a frame with %s', async (_kind, packed) => {
    expect((await decompress(frameOf(packed)))?.equals(text)).toBe(true)
  })

  it('reads several frames, and leaves out skippable ones', async () => {
    const all = Object.values(frames).map(frameOf)
    const bytes = Buffer.concat([skippable, ...all, skippable])
    expect((await decompress(bytes))?.equals(Buffer.concat(all.map(() => text)))).toBe(true)
  })

  it('reads blocks that are not compressed', async () => {
    const block = Buffer.from([3, 0, 0, 0x80, 0x61, 0x62, 0x63])
    expect(await decompress(Buffer.concat([head(0x60), block, block, end]))).toEqual(Buffer.from('abcabc'))
  })

  it.each(Object.entries(frames))('refuses a frame that ends before its end: %s', async (_kind, packed) => {
    const frame = frameOf(packed)
    for (const length of [3, 6, 7, 12, 100, frame.length - 1])
      await expect(decompress(frame.subarray(0, length)), `${length} bytes`).rejects.toThrow(RangeError)
  })

  // The old library allocated the size that the block claims: 15 s and more for these 13 bytes (S7).
  it.each([
    ['a block of 2 GiB', Buffer.concat([head(0x60), Buffer.from([0xff, 0xff, 0xff, 0x7f, 1, 2])])],
    ['a block that its frame does not allow', Buffer.concat([head(0x60), Buffer.from([1, 0, 1, 0]), Buffer.alloc(65_537), end])],
    [
      'a content size of 2^63',
      Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x68, 0x40]), Buffer.from([0, 0, 0, 0, 0, 0, 0, 0x80]), Buffer.from([0]), end]),
    ],
    ['a frame that needs a dictionary', Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x61, 0x40, 1, 2, 3, 4, 0]), end])],
    ['the legacy format', Buffer.concat([Buffer.from([0x02, 0x21, 0x4c, 0x18, 1, 0, 0, 0, 0])])],
    ['a frame of another version', Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0xa0, 0x40, 0]), end])],
    ['a skippable frame that ends beyond the batch', skippable.subarray(0, 9)],
    ['bytes that are not a frame', Buffer.from('carillon carillon')],
  ])('refuses %s at once', async (_what, bytes) => {
    expect(await longestTurnMs(() => expect(decompress(bytes)).rejects.toThrow(RangeError))).toBeLessThan(20)
  })

  it('bounds the size of frames before it decompresses them', () => {
    for (const packed of Object.values(frames)) {
      const [frame] = walkLz4Frames(frameOf(packed), 1_000_000)
      expect(frame?.boundBytes).toBeGreaterThanOrEqual(text.length)
      expect(() => walkLz4Frames(frameOf(packed), text.length - 1)).toThrow('would have more than')
    }
  })

  it('adds up the sizes of many small blocks, where their upper bound is beyond the limit', () => {
    const block = Buffer.concat([Buffer.from([100, 0, 0, 0, 0xf0, 83]), Buffer.alloc(98, 'x')]) // one sequence of 98 literals
    const bytes = Buffer.concat([head(0x60), ...Array.from({ length: 50 }, () => block), end])
    expect(walkLz4Frames(bytes, 4_900)[0]?.boundBytes).toBe(4_900)
    expect(() => walkLz4Frames(bytes, 4_899)).toThrow('would have more than')
  })
})

/** The head of a frame with blocks of 64 KiB. The last byte is the checksum of those before, as xxHash has it. */
function head(flags: 0x60): Buffer {
  return Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, 0x40, 0x82])
}

const end = Buffer.alloc(4)
