import type { Socket as NetSocket } from 'node:net'
import type { Options } from '../../config/options.ts'
import { type Connection, type ConnectionOwner, createConnection } from './connection.ts'

/** Options of the connections that `ws` reads. */
export type WakeOptions = Pick<Options, 'maxInboundFrameBytes' | 'inboundFramesBurst' | 'closeTimeoutMs'>

/** Gives a connection to `ws`, from these bytes on. */
export type Wake = (tcp: NetSocket, bytes: Buffer, owner: ConnectionOwner) => Connection

/**
 * Returns the function that gives a connection to `ws`. A connection has no object of `ws` until its client sends more than pings and pongs. `ws`
 * sends no pongs of its own.
 */
export function createWake(options: WakeOptions): Wake {
  const all = {
    autoPong: false,
    maxPayload: options.maxInboundFrameBytes,
    maxFragments: options.inboundFramesBurst,
    maxBufferedChunks: maxPiecesOf(options.maxInboundFrameBytes),
    closeTimeout: options.closeTimeoutMs,
  } as const
  return (tcp, bytes, owner) => {
    const connection = createConnection(all)
    connection.begin(tcp, bytes, { ...all, owner })
    return connection
  }
}

/** Least size of a piece. Networks cut frames into larger pieces: segments of TCP have 500 bytes and more. */
const leastPieceBytes = 64

/**
 * Returns the number of pieces of an unfinished frame that are kept: as many as the largest frame has in pieces of 64 bytes, and at least
 * 64. Each piece costs some 200 bytes, for any size.
 */
export function maxPiecesOf(maxFrameBytes: number): number {
  return Math.max(64, Math.ceil(maxFrameBytes / leastPieceBytes))
}
