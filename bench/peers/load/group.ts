import { setTimeout as sleep } from 'node:timers/promises'
import { nowMs } from '../../lib/clock.ts'
import type { Identity } from '../dialects/dialect.ts'
import { dialects } from '../dialects/dialects.ts'
import { createRandom } from '../../../e2e/proof/plan.ts'
import { Client, type Shared } from './client.ts'
import { Histogram } from './histogram.ts'
import type { BackOff, Counts, Dropped, Drops, GroupOptions, Opened, Progress, Storm } from './load-calls.ts'
import { addLosses, type Loss, Receipts } from './receipts.ts'

/** Patience of a client. A shorter one ends attempts that a busy machine is about to serve, and the server has worked in vain. */
const connectTimeoutMs = 30_000
/** Time between two looks at a storm. */
const lookEveryMs = 50
/**
 * On Linux all of 127.0.0.0/8 is this machine. With fewer clients per source address the kernel finds a free port sooner. With 10,000 on
 * one address it searches for 0.4 ms, and 10,000 clients connect in 5 s instead of 1 s.
 */
const clientsPerAddress = 100

/**
 * Clients of each server have addresses of their own. They leave alone the ports of other servers' clients, and those of 127.0.0.1, which
 * the servers need.
 */
const addressOf = (serverPort: number, index: number): string =>
  `127.${1 + (serverPort % 250)}.0.${1 + Math.floor(index / clientsPerAddress)}`

/** Clients of one server. */
export class Group {
  readonly shared: Shared
  readonly #clients: Client[]
  readonly #concurrency: number
  #backOff: BackOff | null = null

  constructor(options: GroupOptions, identities: readonly Identity[]) {
    this.shared = {
      dialect: dialects[options.dialect],
      resumes: options.resumes ?? false,
      latencies: new Histogram(),
      events: 0,
      bytes: 0,
      ports: options.ports,
      failures: new Map(),
      onEvents: () => {},
    }
    this.#concurrency = options.concurrency ?? 100
    this.#clients = identities.map((identity, index) => new Client(this.shared, identity, addressOf(options.ports[0] ?? 0, index)))
    if (options.keepsReceipts === true) for (const client of this.#clients) client.receipts = new Receipts()
  }

  async open(): Promise<Opened> {
    const startMs = nowMs()
    const waiting = [...this.#clients]
    const work = async (): Promise<void> => {
      for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) await client.connect(connectTimeoutMs)
    }
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, waiting.length) }, work))
    return { ...this.counts(), tookMs: nowMs() - startMs, failures: this.takeFailures() }
  }

  counts(): Counts {
    return { events: this.shared.events, bytes: this.shared.bytes, ready: this.#clients.filter((client) => client.isReady).length }
  }

  async awaitEvents(events: number, timeoutMs: number): Promise<Counts> {
    const deadlineMs = nowMs() + timeoutMs
    while (this.shared.events < events && nowMs() < deadlineMs) await sleep(2)
    return this.counts()
  }

  takeFailures(): Readonly<Record<string, number>> {
    const failures = Object.fromEntries(this.shared.failures)
    this.shared.failures.clear()
    return failures
  }

  shrink(clients: number): void {
    for (const client of this.#clients.splice(clients)) client.end()
  }

  stallLast(): void {
    this.#clients.at(-1)?.stall()
  }

  thawLast(): void {
    this.#clients.at(-1)?.thaw()
  }

  comeBack(backOff: BackOff): void {
    this.#backOff = backOff
    for (const client of this.#clients) client.onLost = () => void this.#return(client)
  }

  async #return(client: Client): Promise<void> {
    do {
      const backOff = this.#backOff
      if (backOff === null) return
      await sleep(backOff.minBackOffMs + Math.random() * (backOff.maxBackOffMs - backOff.minBackOffMs))
    } while (this.#backOff !== null && !(await client.connect(connectTimeoutMs)))
  }

  async dropNetworks({ durationMs, downMs, meanUpMs, seed }: Drops): Promise<Dropped> {
    const random = createRandom(seed)
    const endMs = nowMs() + durationMs
    let drops = 0
    const live = async (client: Client): Promise<void> => {
      for (;;) {
        await sleep(2 * meanUpMs * random())
        if (nowMs() > endMs) return
        drops += 1
        client.freeze()
        await sleep(downMs)
        client.end()
        while (!(await client.connect(connectTimeoutMs))) await sleep(100)
      }
    }
    await Promise.all(this.#clients.map(live))
    return { drops, failures: this.takeFailures() }
  }

  countLosses(numbers: readonly number[]): Loss {
    return addLosses(this.#clients.flatMap(({ receipts }) => (receipts === null ? [] : [receipts.countLosses(numbers)])))
  }

  async storm({ minBackOffMs, maxBackOffMs, timeoutMs }: BackOff & { readonly timeoutMs: number }): Promise<Storm> {
    const startMs = nowMs()
    const latencies = new Histogram()
    let attempts = 0
    const progress: Progress[] = []
    const look = (): void => void progress.push({ atMs: nowMs(), served: latencies.count })
    look()
    const looking = setInterval(look, lookEveryMs)
    const arrive = async (client: Client): Promise<void> => {
      while (nowMs() - startMs < timeoutMs) {
        attempts += 1
        if (await client.connect(connectTimeoutMs)) return latencies.add(nowMs() - startMs)
        await sleep(minBackOffMs + Math.random() * (maxBackOffMs - minBackOffMs))
      }
    }
    await Promise.all(this.#clients.map(arrive))
    clearInterval(looking)
    look()
    const read = latencies.read()
    return { served: this.counts().ready, attempts, tookMs: read.max, latencies: read, progress, failures: this.takeFailures() }
  }

  close(): void {
    this.#backOff = null
    this.shrink(0)
  }
}
