import { messageOf } from '../../../../program/message-of.ts'
import type { Transform } from 'node:stream'
import { Turns } from './turns.ts'

interface Engine extends Transform {
  /** Bytes of its input that it took. */
  readonly bytesWritten: number
}

const chunkSize = 65_536

/**
 * Decompresses with one of Node's own codecs, which work in threads of their own. Rejects as soon as more than `maxBytes` came out.
 *
 * Node stops at the end of the first frame of zstd without an error. Here the frames behind it are decompressed, too.
 */
export async function inflateWith(
  name: string,
  create: (options: { readonly chunkSize: number }) => Engine,
  bytes: Buffer,
  maxBytes: number,
): Promise<Buffer> {
  const output: Output = { chunks: [], bytes: 0 }
  for (let at = 0; at < bytes.length;) {
    const engine = create({ chunkSize })
    await collect(engine, bytes.subarray(at), output, maxBytes).catch((cause: unknown) => Promise.reject(explain(name, cause)))
    if (output.bytes > maxBytes) throw new RangeError(`decompressed, the batch would have more than ${maxBytes} bytes`)
    if (engine.bytesWritten === 0) break
    at += engine.bytesWritten
  }
  return join(output)
}

interface Output {
  readonly chunks: Buffer[]
  bytes: number
}

/** Collects the output of the engine, up to `maxBytes` and a chunk. */
async function collect(engine: Engine, bytes: Buffer, output: Output, maxBytes: number): Promise<void> {
  engine.end(bytes)
  for await (const chunk of engine as AsyncIterable<Buffer>) {
    output.bytes += chunk.length
    if (output.bytes > maxBytes) return // ends the engine, too
    output.chunks.push(chunk)
  }
}

function explain(name: string, cause: unknown): RangeError {
  return new RangeError(`the compressed bytes are damaged (${name}: ${messageOf(cause)})`, { cause })
}

/** Joins chunks; large output is copied over several turns of the event loop. */
async function join({ chunks, bytes }: Output): Promise<Buffer> {
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0]
  const all = Buffer.allocUnsafeSlow(bytes)
  const turns = new Turns()
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
    await turns.rest()
  }
  return all
}
