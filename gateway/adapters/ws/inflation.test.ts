import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Inflation, type InflationFailure } from './inflation.ts'

const deflate = (content: Buffer): Buffer => deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)

/** Gives fragments to an inflation of at most 1,000 bytes. @returns the last answer, and what failed */
async function inflate(...fragments: readonly Buffer[]) {
  const failures: InflationFailure[] = []
  const inflation = new Inflation(1_000, (failure) => failures.push(failure))
  let last: { readonly error: Error | null; readonly bytes: number | undefined } = { error: null, bytes: undefined }
  for (const [index, fragment] of fragments.entries())
    await new Promise<void>((resolve) =>
      inflation.decompress(fragment, index === fragments.length - 1, (error, message) => {
        last = { error, bytes: message?.length }
        resolve()
      }),
    )
  return { ...last, failures }
}

describe('the inflation of a message', () => {
  test('answers each fragment with nothing, and the last one with all of it', async () => {
    const content = deflate(Buffer.alloc(1_000, 'x'))
    expect(await inflate(content)).toEqual({ error: null, bytes: 1_000, failures: [] })
    expect(await inflate(...Array.from(content, (byte) => Buffer.from([byte])))).toEqual({ error: null, bytes: 1_000, failures: [] })
  })

  // `ws` would refuse the whole message as well, but only after it is in memory.
  test('stops at its bound, before all of it is in memory', async () => {
    const bomb = deflate(Buffer.alloc(50_000_000))
    const before = process.memoryUsage().arrayBuffers
    expect(await inflate(bomb)).toEqual({ error: expect.any(RangeError), bytes: undefined, failures: ['too-large'] })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
  })

  test('fails for bytes that are not deflated', async () => {
    expect(await inflate(Buffer.from([0xff, 0xff]))).toEqual({ error: expect.any(Error), bytes: undefined, failures: ['damaged'] })
  })
})
