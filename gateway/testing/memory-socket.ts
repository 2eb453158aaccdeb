import { sseFraming } from '../adapters/http/sse-socket.ts'
import { websocketFraming } from '../adapters/ws/frame.ts'
import type { CloseCode } from '../session/close-codes.ts'
import type { Framing } from '../replay/framing.ts'
import type { CloseHint, Socket, SocketHandlers } from '../session/socket.ts'
import { parseStreamMessages } from '../../testing/sse.ts'
import { parseTextFrames } from '../../testing/ws-frames.ts'

export interface MemorySocketOptions {
  /** Bytes that may wait while the peer reads nothing, before `write` returns false. @default 0 */
  readonly bufferBytes?: number
  /** @default 'websocket' */
  readonly framing?: Framing['kind']
}

/** The memory double of the real sockets: it records the session's calls, and acts as the peer. */
export interface MemorySocket {
  /** The socket for the session. */
  readonly socket: Socket

  // ---- what the session did
  /** One buffer per `write`, unchanged. */
  readonly writes: readonly Buffer[]
  /** Returns the written messages as a client reads them, in order. Throws where a browser would refuse. */
  events(): readonly ReceivedEvent[]
  readonly pings: number
  /** The close of the session; null before it. */
  readonly close: { readonly code: CloseCode; readonly hint: CloseHint } | null
  readonly isTerminated: boolean
  /** True when `closed` was called. */
  readonly isClosed: boolean
  /** Bytes that were written and not yet taken by the peer. */
  readonly waitingBytes: number

  // ---- actions of the peer
  /** Stops reading. */
  congest(): void
  /** Reads all waiting bytes, and goes on reading. */
  drain(): void
  /** Answers a ping. */
  answerPing(): void
  /** Goes away. */
  hangUp(): void
}

export interface ReceivedEvent {
  /** The `cursor` of the event (and, in an event stream, the `id` of its message unless it is a short one: they must agree); null without one. */
  readonly cursor: string | null
  /** The JSON as it was on the wire. */
  readonly text: string
  readonly event: Readonly<Record<string, unknown>>
}

/**
 * A socket in memory. The peer reads at once until `congest`. The peer answers a close in the same turn; `terminate` needs no answer. It
 * does what the port demands. `closed` comes once and last. `drained` comes once per congestion. Writes into a connection that has ended
 * vanish.
 */
export function createMemorySocket({ bufferBytes = 0, framing = 'websocket' }: MemorySocketOptions = {}): MemorySocket {
  return new SocketDouble(bufferBytes, framings[framing])
}

const framings = { websocket: websocketFraming, sse: sseFraming } as const

class SocketDouble implements MemorySocket {
  readonly socket: Socket
  readonly writes: Buffer[] = []
  readonly #bufferBytes: number
  pings = 0
  close: { readonly code: CloseCode; readonly hint: CloseHint } | null = null
  isTerminated = false
  isClosed = false
  waitingBytes = 0
  #isReading = true
  #isCongested = false
  #handlers: SocketHandlers | null = null

  constructor(bufferBytes: number, framing: Framing) {
    this.#bufferBytes = bufferBytes
    this.socket = {
      framing,
      attach: (handlers) => this.#attach(handlers),
      write: (frames) => this.#write(frames),
      ping: () => {
        if (!this.#hasEnded) this.pings += 1
      },
      close: (code, hint = {}) => {
        if (this.#hasEnded) return
        this.close = { code, hint }
        this.hangUp()
      },
      terminate: () => {
        if (this.isClosed) return
        this.isTerminated = true
        this.hangUp()
      },
    }
  }

  events(): readonly ReceivedEvent[] {
    const bytes = Buffer.concat(this.writes)
    return this.socket.framing.kind === 'websocket'
      ? parseTextFrames(bytes).map((text) => receivedEvent(text))
      : parseStreamMessages(bytes).map(({ data, id }) => receivedEvent(data, id))
  }

  congest(): void {
    this.#isReading = false
  }

  drain(): void {
    this.#isReading = true
    this.waitingBytes = 0
    if (!this.#isCongested || this.isClosed) return
    this.#isCongested = false
    this.#handlers?.drained()
  }

  answerPing(): void {
    this.#handlers?.alive()
  }

  hangUp(): void {
    if (this.isClosed) return
    this.isClosed = true
    const handlers = this.#handlers
    this.#handlers = null
    handlers?.closed()
  }

  get #hasEnded(): boolean {
    return this.isClosed || this.close !== null
  }

  #attach(handlers: SocketHandlers): void {
    if (this.#handlers !== null || this.writes.length > 0) throw new Error('attach is called once, before anything is written')
    if (this.isClosed) queueMicrotask(() => handlers.closed())
    else this.#handlers = handlers
  }

  #write(frames: Buffer): boolean {
    if (this.#hasEnded) return true
    this.writes.push(frames)
    if (!this.#isReading) this.waitingBytes += frames.length
    this.#isCongested ||= this.waitingBytes > this.#bufferBytes
    return !this.#isCongested
  }
}

function receivedEvent(text: string, id?: string | null): ReceivedEvent {
  const event: unknown = JSON.parse(text)
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw new Error('a frame is not a JSON object')
  const members = event as Readonly<Record<string, unknown>> // an object, and no array
  const cursor = typeof members['cursor'] === 'string' ? members['cursor'] : null
  const ownId = cursor?.startsWith('.') === true ? null : cursor
  if (id !== undefined && id !== ownId) throw new Error(`the message has the id ${id}, its event the cursor ${cursor}`)
  return { cursor, text, event: members }
}
