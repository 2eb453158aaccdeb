import type { Socket as NetSocket } from 'node:net'
import { WebSocket } from 'ws'
import { TokenBucket } from '../../emit/token-bucket.ts'
import type { Options } from '../../config/options.ts'
import type { Metrics } from '../../observability/metrics.ts'
import { type CloseCode, closeCodes } from '../../session/close-codes.ts'
import type { Framing } from '../../replay/framing.ts'
import type { CloseHint, Socket, SocketHandlers } from '../../session/socket.ts'
import { closeReason } from './close-reason.ts'
import type { Connection, ConnectionOwner } from './connection.ts'
import { pingFrame, pongFrame, readControlFrame } from './control-frames.ts'
import { deflatingFraming } from './deflate-frame.ts'
import { websocketFraming } from './frame.ts'
import type { Wake } from './wake.ts'

/** Parts that all sockets of a server share: one object, so that a connection itself stays small. */
export interface SocketSettings {
  readonly options: Pick<Options, 'socketBufferBytes' | 'inboundFramesPerS' | 'inboundFramesBurst' | 'closeTimeoutMs'>
  readonly metrics: Pick<Metrics, 'inboundFrames'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Gives a connection to `ws`. */
  readonly wake: Wake
  /** Called when a socket has ended. */
  readonly ended: (socket: WebSocketSocket) => void
}

/**
 * One WebSocket connection. It is asleep, without an object of `ws`, until its client sends anything but whole pings and pongs, or until it is
 * closed. Then `ws` reads and ends it.
 *
 * Events are written as whole prebuilt frames to the TCP socket. That is safe because no compressed frame depends on another one: every write of ours
 * and every control frame of `ws` is a number of whole frames. An idle connection holds no closure, no timer and no bucket of its own.
 */
export class WebSocketSocket implements Socket, ConnectionOwner {
  readonly framing: Framing
  /** null: asleep. */
  #ws: Connection | null = null
  readonly #tcp: NetSocket
  readonly #settings: SocketSettings
  #handlers: SocketHandlers | null = null
  /** Made when the client sends a frame that it need not send. Most never do. */
  #inbound: TokenBucket | null = null
  #isCongested = false
  /** Writes that began beyond the buffer's limit and are not out yet. */
  #flushing = 0
  /** A ping without an answer so far: its pong costs the client nothing. */
  #isPinged = false
  #isClosing = false
  /** The limit that the peer broke, for which it is being closed. */
  #brokenLimit: CloseCode | undefined
  #cut: NodeJS.Timeout | null = null

  /**
   * @param tcp has a listener for errors
   * @param bytes that arrived behind the handshake
   * @param isCompressed the handshake agreed on compression
   */
  constructor(tcp: NetSocket, bytes: Buffer, settings: SocketSettings, isCompressed: boolean) {
    this.framing = isCompressed ? deflatingFraming : websocketFraming
    this.#tcp = tcp
    this.#settings = settings
    Object.assign(tcp, { [ownerKey]: this })
    // A client that goes without a close frame ends the connection, without a listener.
    tcp.allowHalfOpen = false
    if (bytes.length > 0) tcp.unshift(bytes)
    tcp.on('data', onData).on('close', onClose)
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
  }

  /** Bytes after the close frame, or for a peer that has gone, are dropped: `closed` has been called or is about to be. */
  write(frames: Buffer): boolean {
    if (!this.#isOpen) return true
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

  /** The bytes behind the last of these writes were fewer than the buffer's limit. */
  #flushed(error: Error | null | undefined): void {
    this.#flushing -= 1
    if (this.#flushing > 0 || !this.#isCongested) return
    this.#isCongested = false
    if (this.#isOpen && (error ?? null) === null) this.#handlers?.drained()
  }

  ping(): void {
    if (!this.#isOpen) return
    this.#isPinged = true
    this.#tcp.write(pingFrame)
  }

  /**
   * `ws` cuts a peer that does not answer the close frame (`closeTimeout`). A connection that is already ending is cut here: a peer may
   * have ended its half and read no more.
   */
  close(code: CloseCode, hint?: CloseHint): void {
    if (this.#isClosing) return
    this.#isClosing = true
    if (this.#isOpen) (this.#ws ??= this.#wake()).close(closeCodes[code].code, closeReason(code, hint))
    else if (!this.#tcp.closed) this.#cut = setTimeout(() => this.terminate(), this.#settings.options.closeTimeoutMs)
  }

  terminate(): void {
    this.#isClosing = true
    this.#tcp.destroy()
  }

  get isCompressed(): boolean {
    return this.framing === deflatingFraming
  }

  // ---- asleep and awake

  get #isOpen(): boolean {
    return this.#ws === null ? this.#tcp.writable : this.#ws.readyState === WebSocket.OPEN
  }

  /** Answers pings and pongs. Gives the connection to `ws` at the first bytes that are anything else. */
  bytes(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0 && this.#ws === null) {
      const frame = readControlFrame(rest)
      if (frame === null) return void (this.#ws = this.#wake(rest))
      rest = rest.subarray(frame.bytes)
      if (frame.kind === 'ping') this.pinged(frame.content)
      else this.ponged()
    }
    // It was closed at one of the frames.
    if (rest.length > 0) this.#tcp.unshift(rest)
  }

  #wake(bytes: Buffer = nothing): Connection {
    this.#tcp.off('data', onData).off('close', onClose)
    this.#tcp.allowHalfOpen = true
    return this.#settings.wake(this.#tcp, bytes, this)
  }

  // ---- what the peer does

  /** Hands a message on that is within the rate. */
  received(text: Buffer | null): void {
    if (this.#isClosing) return
    this.#handlers?.alive()
    if (this.#charge()) this.#handlers?.received(text)
  }

  /** A peer that does not read its pongs gets no more of them. */
  pinged(content: Buffer): void {
    if (this.#isClosing) return
    this.#handlers?.alive()
    if (this.#charge() && this.#tcp.writableLength <= this.#settings.options.socketBufferBytes) this.#tcp.write(pongFrame(content))
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
    handlers?.closed(this.#brokenLimit)
  }

  brokeLimit(limit: CloseCode): void {
    this.#brokenLimit ??= limit
  }

  /**
   * Counts a frame that the client need not have sent.
   * @returns false when it exceeds the limit, and the connection is being closed
   */
  #charge(): boolean {
    const { options, metrics, now } = this.#settings
    metrics.inboundFrames.add(1)
    this.#inbound ??= new TokenBucket({ ratePerS: options.inboundFramesPerS, burst: options.inboundFramesBurst, now: now() })
    if (this.#inbound.take(1, now()) === 0) return true
    this.brokeLimit('tooManyFrames')
    this.close('tooManyFrames')
    return false
  }
}

const nothing = Buffer.alloc(0)

/** The owner of a connection that is asleep. Shared listeners find it here, so that a connection holds no closures. */
const ownerKey = Symbol('owner')

interface Owned {
  readonly [ownerKey]?: WebSocketSocket
}

function onData(this: NetSocket & Owned, chunk: Buffer): void {
  this[ownerKey]?.bytes(chunk)
}

function onClose(this: NetSocket & Owned): void {
  this[ownerKey]?.closed()
}
