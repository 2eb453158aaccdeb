import type { Socket as NetSocket } from 'node:net'
import { WebSocket } from 'ws'
import { TokenBucket } from '../../emit/token-bucket.ts'
import type { Options } from '../../config/options.ts'
import type { Metrics } from '../../observability/metrics.ts'
import { type CloseCode, closeCodes } from '../../session/close-codes.ts'
import type { CloseHint, Framing, Socket, SocketHandlers } from '../../session/socket.ts'
import { closeReason } from './close-reason.ts'
import { websocketFraming } from './frame.ts'

/** What all sockets of a server share: one object, so that a connection itself stays small. */
export interface SocketSettings {
  readonly options: Pick<Options, 'socketBufferBytes' | 'inboundFramesPerS' | 'inboundFramesBurst' | 'closeTimeoutMs'>
  readonly metrics: Pick<Metrics, 'inboundFrames'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** A socket has ended. */
  readonly ended: (socket: WebSocketSocket) => void
}

/**
 * One WebSocket connection. Events are written as whole prebuilt frames to the TCP socket below `ws`, which is safe because nothing is
 * compressed: every write of ours and every control frame of `ws` is a number of whole frames. Listeners are shared functions that
 * find their socket through `this`: 10,000 idle connections hold no closure, no timer and no bucket of their own.
 */
export class WebSocketSocket implements Socket {
  readonly framing: Framing = websocketFraming
  readonly #ws: Connection
  readonly #tcp: NetSocket
  readonly #settings: SocketSettings
  #handlers: SocketHandlers | null = null
  /** Made when the client sends something that it need not send: most never do. */
  #inbound: TokenBucket | null = null
  #isCongested = false
  /** Writes that began beyond the buffer's limit and are not out yet. */
  #flushing = 0
  /** A ping that was not answered yet: its pong costs the client nothing. */
  #isPinged = false
  #isClosing = false
  #cut: NodeJS.Timeout | null = null

  constructor(ws: Connection, tcp: NetSocket, settings: SocketSettings) {
    this.#ws = ws
    this.#tcp = tcp
    this.#settings = settings
    ws.owner = this
    ws.on('message', onMessage).on('ping', onPing).on('pong', onPong).on('error', onError).on('close', onClose)
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
  }

  /** After the close frame, and when the peer is gone, bytes are dropped: `closed` has been called or is about to be. */
  write(frames: Buffer): boolean {
    if (this.#ws.readyState !== WebSocket.OPEN) return true
    const { socketBufferBytes } = this.#settings.options
    // Node's own `drain` has another threshold. The callback of a write is called when it and all before it are out.
    if (this.#tcp.writableLength + frames.length <= socketBufferBytes) {
      this.#tcp.write(frames)
      return true
    }
    this.#flushing += 1
    this.#tcp.write(frames, (error) => this.#flushed(error))
    if (this.#tcp.writableLength > socketBufferBytes) this.#isCongested = true
    return !this.#isCongested
  }

  /** What is behind the last of these writes was small enough not to be one. */
  #flushed(error: Error | null | undefined): void {
    this.#flushing -= 1
    if (this.#flushing > 0 || !this.#isCongested) return
    this.#isCongested = false
    const isOpen = this.#ws.readyState === WebSocket.OPEN && (error ?? null) === null
    if (isOpen) this.#handlers?.drained()
  }

  ping(): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return
    this.#isPinged = true
    this.#ws.ping()
  }

  /** `ws` cuts the peer that does not answer the close frame (`closeTimeout`). A connection that is already on its way out is cut here: a peer may have ended its half and read no more. */
  close(code: CloseCode, hint?: CloseHint): void {
    if (this.#isClosing) return
    this.#isClosing = true
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.close(closeCodes[code].code, closeReason(code, hint))
    else if (this.#ws.readyState === WebSocket.CLOSING) this.#cut = setTimeout(() => this.terminate(), this.#settings.options.closeTimeoutMs)
  }

  terminate(): void {
    this.#isClosing = true
    this.#ws.terminate()
  }

  // ---- what the peer does; called by the listeners below

  /** A data frame. Its content is nobody's. */
  received(): void {
    if (this.#isClosing) return
    this.#handlers?.alive()
    this.#charge()
  }

  /** A peer that does not read its pongs gets no more of them. */
  pinged(content: Buffer): void {
    if (this.#isClosing) return
    this.#handlers?.alive()
    if (this.#charge() && this.#tcp.writableLength <= this.#settings.options.socketBufferBytes) this.#ws.pong(content)
  }

  ponged(): void {
    if (this.#isClosing) return
    this.#handlers?.alive()
    if (this.#isPinged) this.#isPinged = false
    else this.#charge()
  }

  closed(): void {
    if (this.#cut !== null) clearTimeout(this.#cut)
    this.#settings.ended(this)
    const handlers = this.#handlers
    this.#handlers = null
    handlers?.closed()
  }

  /** Counts a frame that the client need not have sent. @returns false: there was none, and the connection is being closed */
  #charge(): boolean {
    const { options, metrics, now } = this.#settings
    metrics.inboundFrames.add(1)
    this.#inbound ??= new TokenBucket({ ratePerS: options.inboundFramesPerS, burst: options.inboundFramesBurst, now: now() })
    if (this.#inbound.take(1, now()) === 0) return true
    this.close('tooManyFrames')
    return false
  }
}

/**
 * The WebSocket of `ws`, with two additions: it knows its owner, and where `ws` itself closes because of a limit, it says so with a code
 * of our table in place of 1009 and 1008. `ws` calls `close` with a code and no reason only then; the echo of a client's close has one.
 */
export class Connection extends WebSocket {
  owner: WebSocketSocket | null = null

  override close(code?: number, reason?: string | Buffer): void {
    const limit = reason === undefined ? limitCodes.get(code) : undefined
    if (limit === undefined) super.close(code, reason)
    else super.close(closeCodes[limit].code, closeReason(limit))
  }
}

/** 1009: a message above `maxPayload`. 1008: more fragments in a message, or more pieces of an unfinished frame, than we hold. */
const limitCodes: ReadonlyMap<number | undefined, CloseCode> = new Map([
  [1009, 'frameTooLarge'],
  [1008, 'tooManyFrames'],
])

function onMessage(this: WebSocket): void {
  ownerOf(this)?.received()
}

function onPing(this: WebSocket, content: Buffer): void {
  ownerOf(this)?.pinged(content)
}

function onPong(this: WebSocket): void {
  ownerOf(this)?.ponged()
}

function onClose(this: WebSocket): void {
  ownerOf(this)?.closed()
}

/**
 * Nothing to do: `ws` has sent the close frame, and `close` follows. What arrives here is a client's breach of the protocol (an unmasked
 * frame, an unknown opcode, invalid UTF-8, a frame or message above a limit) or a write that failed because the peer has gone.
 */
function onError(): void {}

const ownerOf = (ws: WebSocket): WebSocketSocket | null => (ws instanceof Connection ? ws.owner : null)
