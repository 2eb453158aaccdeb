import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { logBytes, storedBatches } from './log-segments.ts'

function batch(attributes: number, records: number, producerId: bigint): Buffer {
  const bytes = Buffer.alloc(70)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt16BE(attributes, 21)
  bytes.writeBigInt64BE(producerId, 43)
  bytes.writeInt32BE(records, 57)
  return bytes
}

it('the headers of batches show codec, records, idempotence and markers, and zeros end a segment', () => {
  expect(storedBatches(Buffer.concat([batch(0, 1, -1n), batch(4, 1000, 7n), batch(48, 1, 7n), Buffer.alloc(200)]))).toEqual([
    { codec: 'none', records: 1, isIdempotent: false, isControl: false },
    { codec: 'zstd', records: 1000, isIdempotent: true, isControl: false },
    { codec: 'none', records: 1, isIdempotent: true, isControl: true },
  ])
})

it('the segments of a partition are read in order, in any folder of the launcher, and a missing one is empty', () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-segments-'))
  try {
    mkdirSync(join(folder, 'log/t-0'), { recursive: true })
    for (const [name, text] of [
      ['0002.log', 'b'],
      ['0001.log', 'a'],
      ['0001.index', 'x'],
    ] as const)
      writeFileSync(join(folder, 'log/t-0', name), text)
    expect([String(logBytes(folder, 't', 0)), logBytes(folder, 't', 1).length]).toEqual(['ab', 0])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
