import type { Socket as NetSocket } from 'node:net'
import { type RawData, WebSocket } from 'ws'
import { type CloseCode, closeCodes } from '../../session/close-codes.ts'
import { closeReason } from './close-reason.ts'
import { Inflation, type InflationFailure } from './inflation.ts'

/** Receives the actions of the peer. */
export interface ConnectionOwner {
  /** The handshake agreed on compression: the peer may compress its messages. */
  readonly isCompressed: boolean
  /** A data message. @param text null: the message is binary */
  received(text: Buffer | null): void
  pinged(content: Buffer): void
  ponged(): void
  /** The peer broke a limit, and is being closed for that. */
  brokeLimit(limit: CloseCode): void
  /** Called once, and last. */
  closed(): void
}

/**
 * The WebSocket of `ws`, with two additions. It knows its owner. Where `ws` itself closes because of a limit, it closes with a code of our
 * table in place of 1009 and 1008. `ws` calls `close` with a code and no reason only then: the echo of a client's close has one. `ws` has
 * two limits with the code 1008. Only the error that it emits next, in the same turn, shows which was broken: the close waits for that
 * error.
 */
export class Connection extends WebSocket {
  owner: ConnectionOwner | null = null
  #inflationFailure: InflationFailure | null = null

  /** Begins to read and write. The listeners are shared functions that find their owner through `this`. @param bytes read before */
  begin(tcp: NetSocket, bytes: Buffer, { owner, ...options }: SocketOptions & { readonly owner: ConnectionOwner }): void {
    this.owner = owner
    if (owner.isCompressed)
      extensionsOf(this)['permessage-deflate'] = new Inflation(options.maxPayload, (failure) => (this.#inflationFailure = failure))
    this.on('message', onMessage).on('ping', onPing).on('pong', onPong).on('error', onError).on('close', onClose)
    setSocketOf(this).setSocket(tcp, bytes, options)
  }

  override close(code?: number, reason?: string | Buffer): void {
    const failure = this.#inflationFailure
    this.#inflationFailure = null
    if (failure === 'damaged') return super.close(1007)
    if (reason === undefined && (code === 1009 || failure === 'too-large')) return this.#closeForLimit('frameTooLarge')
    if (reason === undefined && code === 1008) return void this.once('error', (error) => this.#closeForLimit(limitOf(error)))
    super.close(code, reason)
  }

  #closeForLimit(limit: CloseCode): void {
    this.owner?.brokeLimit(limit)
    super.close(closeCodes[limit].code, closeReason(limit))
  }
}

/** Makes a connection of a server, which does nothing before `begin`. @param options those of the server */
export function createConnection(options: object): Connection {
  // The types know the constructor of clients alone. Servers of `ws` call it so.
  const Made = Connection as unknown as new (address: null, protocols: undefined, options: object) => Connection
  return new Made(null, undefined, options)
}

/** The options of `ws` for one connection. */
export interface SocketOptions {
  readonly maxPayload: number
  readonly maxFragments: number
  readonly maxBufferedChunks: number
}

/** The method by which `ws` takes a connection after the handshake. Its types do not have it. */
interface TakesSocket {
  setSocket(tcp: NetSocket, bytes: Buffer, options: SocketOptions): void
}

/** Returns the extensions that the parser of `ws` calls, by their names. The types do not have them. */
function extensionsOf(ws: WebSocket): Record<string, Inflation> {
  // oxlint-disable-next-line no-underscore-dangle -- ws 8.23 has it, and the tests of this folder need it
  return (ws as unknown as { readonly _extensions: Record<string, Inflation> })._extensions
}

const setSocketOf = (ws: WebSocket): TakesSocket => ws as unknown as TakesSocket // ws 8.23 has it, and the tests of this folder need it

/** Returns which limit of 1008 was broken: fragments of a message, or pieces of an unfinished frame. The two differ by the text alone. */
function limitOf({ message }: Error): CloseCode {
  return message === 'Too many buffered chunks' ? 'tooManyPieces' : 'tooManyFrames'
}

function onMessage(this: WebSocket, content: RawData, isBinary: boolean): void {
  ownerOf(this)?.received(!isBinary && Buffer.isBuffer(content) ? content : null)
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
 * Nothing to do: `ws` has sent the close frame, and `close` follows. A client's breach of the protocol arrives here (an unmasked frame, an
 * unknown opcode, invalid UTF-8, a frame or message above a limit), or a write that failed because the peer has gone.
 */
function onError(): void {}

const ownerOf = (ws: WebSocket): ConnectionOwner | null => (ws instanceof Connection ? ws.owner : null)
