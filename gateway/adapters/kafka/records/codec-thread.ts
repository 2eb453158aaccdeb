import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { WasmCodecName } from './inflate.ts'

export interface InflateJob {
  readonly codec: WasmCodecName
  readonly bytes: Uint8Array
  readonly maxBytes: number
}

export type InflateAnswer = { readonly bytes: Uint8Array } | { readonly why: string }

/** Time for which an idle thread is kept: its memory is that of the largest batch that it has seen. */
const idleMs = 5_000

/**
 * Decompresses large batches in a thread of its own, one at a time. The thread starts with the first job and ends when it is idle.
 *
 * Each reader waits for its batch before it asks for the next one, so no more jobs wait than there are readers.
 */
export class CodecThread {
  #worker: Worker | null = null
  #idle: NodeJS.Timeout | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** Rejects when the bytes are damaged, or decompress to more than the job allows. */
  run(job: InflateJob): Promise<Buffer> {
    const result = this.#last.then(() => this.#runNow(job))
    this.#last = result.catch(() => undefined) // its caller gets the error; the next job goes on
    return result
  }

  get isRunning(): boolean {
    return this.#worker !== null
  }

  async #runNow(job: InflateJob): Promise<Buffer> {
    const worker = (this.#worker ??= this.#start())
    clearTimeout(this.#idle)
    worker.ref()
    try {
      const answer = await ask(worker, job)
      if ('why' in answer) throw new RangeError(answer.why)
      return Buffer.from(answer.bytes.buffer, answer.bytes.byteOffset, answer.bytes.byteLength)
    } finally {
      worker.unref() // an idle thread does not keep the process
      this.#idle = setTimeout(() => this.#end(worker), idleMs).unref()
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('codec-worker.ts', import.meta.url))
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = null
    }
    worker.on('error', forget) // `ask` rejects with it
    worker.once('exit', forget)
    return worker
  }

  #end(worker: Worker): void {
    if (this.#worker === worker) this.#worker = null
    void worker.terminate()
  }
}

/** Rejects when the thread ends instead of answering. */
async function ask(worker: Worker, job: InflateJob): Promise<InflateAnswer> {
  const settled = new AbortController()
  const { signal } = settled
  const bytes = Uint8Array.from(job.bytes) // a copy: the batch is a view of a fetch, which stays here
  worker.postMessage({ ...job, bytes }, [bytes.buffer])
  try {
    const answered = once(worker, 'message', { signal })
    const ended = once(worker, 'exit', { signal }).then(() => [{ why: 'the thread that decompresses batches has ended' }])
    ended.catch(() => undefined) // aborted below
    const [answer] = (await Promise.race([answered, ended])) as readonly InflateAnswer[] // the type that codec-worker.ts posts
    return answer ?? { why: 'the thread that decompresses batches sent no message' }
  } finally {
    settled.abort()
  }
}
