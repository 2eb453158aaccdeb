import { promisify } from 'node:util'
import { createGunzip, createZstdDecompress, gzip, zstdCompress } from 'node:zlib'
import kafkajs from 'kafkajs'
import { CodecThread } from './codec-thread.ts'
import { planInflation, type WasmCodecName } from './inflate.ts'
import { WasmCodecs } from './wasm-codecs.ts'
import { inflateWith } from './zlib-codec.ts'

/** Compresses and decompresses the records of a batch, in the shape that kafkajs wants. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  /** Rejects when the bytes are not of this codec, or grow beyond `maxDecompressedBytes`. */
  decompress(buffer: Buffer): Promise<Buffer>
}

/** Limit on a decompressed batch. Brokers refuse batches of more than 1 MiB (compressed) by default. */
export const maxDecompressedBytes = 33_554_432

/** Limit, compressed and decompressed, for batches that are decompressed at once, in some 3 ms. Larger ones go to a thread. */
const atOnceBytes = 1_048_576

/** The WebAssembly is compiled, and the thread started, with the first batch that needs them. */
const wasm = new WasmCodecs()
const thread = new CodecThread()

const gzipCodec: Codec = {
  compress: ({ buffer }) => promisify(gzip)(buffer),
  decompress: (buffer) => inflateWith('gzip', createGunzip, buffer, maxDecompressedBytes),
}

const zstdCodec: Codec = {
  compress: ({ buffer }) => promisify(zstdCompress)(buffer),
  decompress: (buffer) => inflateWith('zstd', createZstdDecompress, buffer, maxDecompressedBytes),
}

const wasmCodec = (name: WasmCodecName): Codec => ({
  compress: async ({ buffer }) => wasm.call(`${name}_compress`, buffer),
  async decompress(buffer) {
    if (buffer.length > atOnceBytes) return thread.run({ codec: name, bytes: buffer, maxBytes: maxDecompressedBytes })
    const inflation = planInflation(name, buffer, maxDecompressedBytes)
    if (inflation.boundBytes > atOnceBytes) return thread.run({ codec: name, bytes: buffer, maxBytes: maxDecompressedBytes })
    return inflation.run(wasm)
  },
})

const snappyCodec = wasmCodec('snappy')
const lz4Codec = wasmCodec('lz4')

/** Codecs by the lowest three bits of a batch's attributes; 0: uncompressed. */
export const codecs: Readonly<Record<number, Codec | undefined>> = { 1: gzipCodec, 2: snappyCodec, 3: lz4Codec, 4: zstdCodec }

/**
 * Gives kafkajs the codecs that it lacks: without them one such batch ends its consumers permanently. Its table is global. A second call
 * changes nothing.
 */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.Snappy] = () => snappyCodec
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4Codec
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstdCodec
}
