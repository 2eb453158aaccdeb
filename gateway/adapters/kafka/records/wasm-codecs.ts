import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export type WasmFunction = 'lz4_compress' | 'lz4_decompress' | 'snappy_compress' | 'snappy_decompress'

interface WasmExports extends Record<WasmFunction, (at: number, length: number) => bigint> {
  readonly memory: WebAssembly.Memory
  alloc(bytes: number): number
  dealloc(at: number, bytes: number): void
}

/** Memory that an instance may keep between calls. It never shrinks: an instance that has grown beyond this is dropped. */
export const keepBytes = 16_777_216

/**
 * Calls the WebAssembly of @platformatic/wasm-utils in an instance of its own.
 *
 * The package's own functions share one instance for the life of the process, so the memory of one large batch is never freed. Damaged
 * bytes end a call with a trap. The instance goes on, but the memory of the call is never freed. So an instance that has grown is dropped.
 * Dropping it at each trap would cost more: 300 traps in a row stopped the process for 0.1 s to collect their instances.
 */
export class WasmCodecs {
  #module: WebAssembly.Module | null = null
  #instance: WasmExports | null = null

  /** @throws RangeError when the bytes are damaged; the caller checks bounds before */
  call(name: WasmFunction, bytes: Uint8Array): Buffer {
    const wasm = (this.#instance ??= this.#instantiate())
    try {
      return callWith(wasm, name, bytes)
    } catch (cause) {
      throw new RangeError(`the compressed bytes are damaged (${name})`, { cause })
    } finally {
      if (wasm.memory.buffer.byteLength > keepBytes) this.#instance = null
    }
  }

  /** Memory of the instance, in bytes. */
  get heldBytes(): number {
    return this.#instance?.memory.buffer.byteLength ?? 0
  }

  #instantiate(): WasmExports {
    this.#module ??= new WebAssembly.Module(
      readFileSync(join(dirname(createRequire(import.meta.url).resolve('@platformatic/wasm-utils')), 'native.wasm')),
    )
    return new WebAssembly.Instance(this.#module).exports as unknown as WasmExports // signatures from the package's own index.js; a test calls each
  }
}

function callWith(wasm: WasmExports, name: WasmFunction, bytes: Uint8Array): Buffer {
  const at = wasm.alloc(bytes.length)
  new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes)
  const answer = BigInt.asUintN(64, wasm[name](at, bytes.length))
  wasm.dealloc(at, bytes.length)
  const length = Number(answer & 0xffff_ffffn)
  const start = Number(answer >> 32n)
  const output = Buffer.allocUnsafeSlow(length) // its memory is its own, so that a thread can hand it over
  output.set(new Uint8Array(wasm.memory.buffer, start, length))
  wasm.dealloc(start, length)
  return output
}
