/** The thread of codec-thread.ts: decompresses one batch a message. */
import { messageOf } from '../../../../program/message-of.ts'
import { parentPort } from 'node:worker_threads'
import { planInflation } from './inflate.ts'
import type { InflateAnswer, InflateJob } from './codec-thread.ts'
import { WasmCodecs } from './wasm-codecs.ts'

const wasm = new WasmCodecs()

parentPort?.on('message', ({ codec, bytes, maxBytes }: InflateJob) => {
  try {
    const output = planInflation(codec, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), maxBytes).run(wasm)
    const answer: InflateAnswer = { bytes: output }
    parentPort?.postMessage(answer, [output.buffer as ArrayBuffer]) // allocUnsafeSlow: not of the pool
  } catch (cause) {
    const answer: InflateAnswer = { why: messageOf(cause) }
    parentPort?.postMessage(answer, [])
  }
})
