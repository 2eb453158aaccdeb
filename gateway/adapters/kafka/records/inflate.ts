import { walkLz4Frames } from './lz4-frames.ts'
import { splitSnappy } from './snappy-chunks.ts'
import type { WasmCodecs } from './wasm-codecs.ts'

/** Compressed bytes whose sizes have been checked, not yet decompressed. */
export interface Inflation {
  /** Upper bound on the decompressed size. */
  readonly boundBytes: number
  /** @throws RangeError when the bytes are damaged */
  run(wasm: WasmCodecs): Buffer
}

export type WasmCodecName = 'lz4' | 'snappy'

/** @throws RangeError when the bytes are damaged, or may decompress to more than `maxBytes` */
export function planInflation(codec: WasmCodecName, bytes: Buffer, maxBytes: number): Inflation {
  return codec === 'lz4' ? planLz4(bytes, maxBytes) : planSnappy(bytes, maxBytes)
}

function planLz4(bytes: Buffer, maxBytes: number): Inflation {
  const frames = walkLz4Frames(bytes, maxBytes)
  return {
    boundBytes: frames.reduce((sum, frame) => sum + frame.boundBytes, 0),
    run: (wasm) => join(frames.map((frame) => wasm.call('lz4_decompress', frame.bytes))),
  }
}

function planSnappy(bytes: Buffer, maxBytes: number): Inflation {
  const chunks = splitSnappy(bytes, maxBytes)
  const boundBytes = chunks.reduce((sum, chunk) => sum + chunk.claimedBytes, 0)
  return { boundBytes, run: (wasm) => join(chunks.map((chunk) => wasm.call('snappy_decompress', chunk.bytes))) }
}

const join = (parts: readonly Buffer[]): Buffer => (parts.length === 1 && parts[0] !== undefined ? parts[0] : copyAll(parts))

function copyAll(parts: readonly Buffer[]): Buffer {
  const all = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0)) // its memory is its own, so that a thread can hand it over
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
