import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Codec } from './plan.ts'

/** Header of a record batch, as the broker has it on its disk. */
export interface StoredBatch {
  readonly codec: Codec
  readonly records: number
  readonly isIdempotent: boolean
  /** True for a marker of a commit or an abort. */
  readonly isControl: boolean
}

const codecs: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** Returns the bytes of a partition's files. The broker writes through the page cache, so they exist once it has acknowledged. */
export function logBytes(dataDirectory: string, topic: string, partition: number): Buffer {
  // Launchers put the files in different folders below the data directory.
  const folder = [dataDirectory, join(dataDirectory, 'log')]
    .map((parent) => join(parent, `${topic}-${partition}`))
    .find((path) => existsSync(path))
  if (folder === undefined) return Buffer.alloc(0)
  const segments = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .toSorted()
  return Buffer.concat(segments.map((name) => readFileSync(join(folder, name))))
}

/** Reads the headers of all batches; see "Record Batch" in Kafka's protocol. */
export function storedBatches(log: Buffer): readonly StoredBatch[] {
  const batches: StoredBatch[] = []
  for (let at = 0; at + 61 <= log.length; at += 12 + log.readInt32BE(at + 8)) {
    // A segment may be preallocated: then zeros follow the last batch.
    if (log.readInt32BE(at + 8) <= 0) break
    const attributes = log.readInt16BE(at + 21)
    batches.push({
      codec: codecs[attributes & 7] ?? 'none',
      records: log.readInt32BE(at + 57),
      isIdempotent: log.readBigInt64BE(at + 43) >= 0n,
      isControl: (attributes & 32) !== 0,
    })
  }
  return batches
}
