import { promisify } from 'node:util'
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib'
import kafkajs from 'kafkajs'
import createSnappyCodec from 'kafkajs-snappy'
import lz4 from 'lz4js'

/** Compresses and decompresses the records of a batch, in the shape that kafkajs wants. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  /** Rejects when the bytes are not of this codec, or grow beyond `maxDecompressedBytes`. */
  decompress(buffer: Buffer): Promise<Buffer>
}

/** A batch that grows beyond this is not read: brokers refuse batches of more than 1 MiB (compressed) unless told otherwise. */
export const maxDecompressedBytes = 134_217_728

const bounded = { maxOutputLength: maxDecompressedBytes }

const gzipCodec: Codec = {
  compress: ({ buffer }) => promisify(gzip)(buffer),
  decompress: (buffer) => promisify(gunzip)(buffer, bounded),
}

const zstdCodec: Codec = {
  compress: ({ buffer }) => promisify(zstdCompress)(buffer),
  decompress: (buffer) => promisify(zstdDecompress)(buffer, bounded),
}

/**
 * lz4js says in the frame's head that blocks depend on each other, which brokers refuse, though its first block (4 MiB) depends on nothing.
 * The byte after the two that describe the frame is their checksum.
 */
const lz4Head = { dependent: Buffer.from([0x40, 0x70]), independent: Buffer.from([0x60, 0x70, 0x73]), at: 4, maxBytes: 4_194_304 }

const lz4Codec: Codec = {
  async compress({ buffer }) {
    const frame = Buffer.from(lz4.compress(buffer))
    const isDependent = frame.subarray(lz4Head.at).indexOf(lz4Head.dependent) === 0
    if (isDependent && buffer.length <= lz4Head.maxBytes) lz4Head.independent.copy(frame, lz4Head.at)
    return frame
  },
  async decompress(buffer) {
    if (lz4.decompressBound(buffer) > maxDecompressedBytes) throw new RangeError(`the batch is larger than ${maxDecompressedBytes} bytes`)
    return Buffer.from(lz4.decompress(buffer))
  },
}

const snappyCodec: Codec = createSnappyCodec()

/** By the lowest three bits of a batch's attributes; 0 is no compression. */
export const codecs: Readonly<Record<number, Codec | undefined>> = { 1: gzipCodec, 2: snappyCodec, 3: lz4Codec, 4: zstdCodec }

/** Tells kafkajs of the codecs that it lacks: without them one such batch ends its consumers for good. Its table is global; doing this again changes nothing. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.Snappy] = () => snappyCodec
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4Codec
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstdCodec
}
