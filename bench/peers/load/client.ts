import { nowMs } from '../../lib/clock.ts'
import { RawConnection } from '../../lib/raw-connection.ts'
import { FrameReader } from '../../../testing/ws-frames.ts'
import type { Dialect, DialectClient, Identity, Wire } from '../dialects/dialect.ts'
import { EventStreamReader } from './event-stream-reader.ts'
import type { Histogram } from './histogram.ts'
import { readMarks } from './marks.ts'
import type { Receipts } from './receipts.ts'

/** State that the clients of a group share. */
export interface Shared {
  readonly dialect: Dialect
  readonly resumes: boolean
  readonly latencies: Histogram
  /** Events that arrived, each of them counted. */
  events: number
  bytes: number
  /** Ports of the server; each client chooses one at random. */
  ports: readonly number[]
  /** Failed handshakes, by their reason. */
  readonly failures: Map<string, number>
  /** Called after events have arrived. */
  onEvents: () => void
}

/** A client that comes back: one identity, one dialect's memory, and one connection at a time. */
export class Client {
  readonly #shared: Shared
  readonly #dialect: DialectClient
  readonly #localAddress: string
  #connection: RawConnection | null = null
  /** Number of the connection that counts: messages of earlier ones are ignored. */
  #life = 0
  receipts: Receipts | null = null
  isReady = false
  /** Called when a ready connection has ended, unless this side ended it. */
  onLost: () => void = () => {}

  constructor(shared: Shared, identity: Identity, localAddress: string) {
    this.#shared = shared
    this.#dialect = shared.dialect.client(identity, shared.resumes)
    this.#localAddress = localAddress
  }

  /** Resolves with true when the server serves this client; the group counts failures. */
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
    const request = this.#dialect.request()
    const target = { host: '127.0.0.1', port: this.#anyPort(), ...request }
    await RawConnection.openWith(target, {
      localAddress: this.#localAddress,
      opened: (connection) => {
        if (life !== this.#life) return connection.destroy()
        this.#connection = connection
        this.#dialect.opened(this.#wireOf(connection, life, settle))
      },
      reader: (made) => this.#readerOf(made, this.#wireOf(made, life, settle), { life, isEventStream: request.isEventStream ?? false }),
      closed: () => this.#lost(life, settle),
    })
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

  #readerOf(
    connection: RawConnection,
    wire: Wire,
    { life, isEventStream }: { readonly life: number; readonly isEventStream: boolean },
  ): FrameReader | EventStreamReader {
    const message = (bytes: Buffer, start: number, end: number): void => {
      if (life === this.#life) this.#dialect.message(wire, bytes, start, end)
    }
    const bytes = (count: number): void => void (this.#shared.bytes += count)
    if (isEventStream) return new EventStreamReader({ message, bytes })
    return new FrameReader({ message, bytes, ping: () => connection.pong(), close: () => connection.destroy() })
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

  /** Ignores what arrives from now on, like a network that is gone without a word to the server. */
  freeze(): void {
    this.#life += 1
    this.isReady = false
    this.#connection?.stall()
  }

  /** Like `freeze`, but `thaw` counts what arrived before it. */
  stall(): void {
    this.#connection?.stall()
  }

  thaw(): void {
    this.#connection?.resume()
  }

  /** Cuts the connection, without a report of its loss. */
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
