import { nowMs } from '../../lib/clock.ts'
import { RawConnection } from '../../lib/raw-connection.ts'
import { FrameReader } from '../../../testing/ws-frames.ts'
import type { Dialect, DialectClient, Identity, Wire } from '../dialects/dialect.ts'
import type { Histogram } from './histogram.ts'
import { readMarks } from './marks.ts'
import type { Receipts } from './receipts.ts'

/** What the clients of a group have in common. */
export interface Shared {
  readonly dialect: Dialect
  readonly resumes: boolean
  readonly latencies: Histogram
  /** Events that came, each of them counted. */
  events: number
  bytes: number
  /** Where the clients connect to, each to one of them at random. */
  ports: readonly number[]
  /** Handshakes that did not end well, by their reason. */
  readonly failures: Map<string, number>
  /** Called after events have come. */
  onEvents: () => void
}

/** A client that comes back: one identity, one dialect's memory, and a connection at a time. */
export class Client {
  readonly #shared: Shared
  readonly #dialect: DialectClient
  readonly #localAddress: string
  #connection: RawConnection | null = null
  /** Which connection speaks: what an earlier one still says is not heard. */
  #life = 0
  receipts: Receipts | null = null
  isReady = false
  /** Called when a connection that was ready is there no more, unless this side ended it. */
  onLost: () => void = () => {}

  constructor(shared: Shared, identity: Identity, localAddress: string) {
    this.#shared = shared
    this.#dialect = shared.dialect.client(identity, shared.resumes)
    this.#localAddress = localAddress
  }

  /** Resolves with whether the server serves this client; a failure is counted in the group. */
  async connect(timeoutMs: number): Promise<boolean> {
    this.#life += 1
    const life = this.#life
    const ready = Promise.withResolvers<string | null>()
    const timer = setTimeout(() => ready.resolve('no answer in time'), timeoutMs)
    void this.#open(life, ready.resolve).catch((error: unknown) => ready.resolve(reasonOf(error)))
    const failure = await ready.promise
    clearTimeout(timer)
    if (failure === null || life !== this.#life) return failure === null && life === this.#life
    this.#shared.failures.set(failure, (this.#shared.failures.get(failure) ?? 0) + 1)
    this.end()
    return false
  }

  async #open(life: number, settle: (failure: string | null) => void): Promise<void> {
    const target = { host: '127.0.0.1', port: this.#anyPort(), ...this.#dialect.request() }
    const connection = await RawConnection.openWith(target, {
      localAddress: this.#localAddress,
      reader: (made) => this.#readerOf(made, this.#wireOf(made, life, settle), life),
      closed: () => this.#lost(life, settle),
    })
    if (life !== this.#life) return connection.destroy()
    this.#connection = connection
    this.#dialect.opened(this.#wireOf(connection, life, settle))
  }

  #anyPort(): number {
    const { ports } = this.#shared
    return ports[Math.floor(Math.random() * ports.length)] ?? 0
  }

  #wireOf(connection: RawConnection, life: number, settle: (failure: string | null) => void): Wire {
    return {
      send: (text) => connection.send(text),
      ready: () => {
        if (life === this.#life) this.isReady = true
        settle(null)
      },
      events: (bytes, start, end) => readMarks(bytes, start, end, this.#note),
      fail: settle,
    }
  }

  #readerOf(connection: RawConnection, wire: Wire, life: number): FrameReader {
    return new FrameReader({
      message: (bytes, start, end) => {
        if (life === this.#life) this.#dialect.message(wire, bytes, start, end)
      },
      ping: () => connection.pong(),
      close: () => connection.destroy(),
      bytes: (count) => void (this.#shared.bytes += count),
    })
  }

  readonly #note = (number: number, atMs: number): void => {
    const shared = this.#shared
    shared.events += 1
    shared.latencies.add(nowMs() - atMs)
    this.receipts?.note(number)
    shared.onEvents()
  }

  #lost(life: number, settle: (failure: string | null) => void): void {
    settle('closed before it was served')
    if (life !== this.#life) return
    const wasReady = this.isReady
    this.#connection = null
    this.isReady = false
    if (wasReady) this.onLost()
  }

  /** From now on nothing is heard, as when a network goes without a word; the server is not told. */
  freeze(): void {
    this.#life += 1
    this.isReady = false
    this.#connection?.stall()
  }

  /** As `freeze`, but what comes is still counted after `thaw`. */
  stall(): void {
    this.#connection?.stall()
  }

  thaw(): void {
    this.#connection?.resume()
  }

  /** Cuts the connection; nobody is told that it was lost. */
  end(): void {
    this.#life += 1
    this.isReady = false
    this.#connection?.destroy()
    this.#connection = null
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}
