import type { Socket as NetSocket } from 'node:net'
import { type Server, WebSocketServer } from 'ws'
import { cloudEventsSubprotocol } from '../../auth/subprotocols.ts'
import type { Options } from '../../config/options.ts'
import { type Connection, type ConnectionOwner, createConnection, Handshake } from './connection.ts'

/** What `ws` and the connections of its server are made with. */
export type WsServerOptions = Pick<Options, 'maxInboundFrameBytes' | 'inboundFramesBurst' | 'closeTimeoutMs'>

export interface WsServer {
  /** Answers a handshake with 101, or refuses it by HTTP. */
  readonly answer: Server<typeof Handshake>
  /** Gives a connection to `ws`, from these bytes on. */
  readonly wake: (tcp: NetSocket, bytes: Buffer, owner: ConnectionOwner & { readonly isCompressed: boolean }) => Connection
}

/**
 * Answers handshakes, and does nothing else: no port, no list of clients, no compression (209 KB for each connection), no pongs of its own.
 * A connection has no object of `ws` until its client sends more than pings and pongs.
 */
export function createWsServer(options: WsServerOptions): WsServer {
  // The installed types lack `closeTimeout`, which ws 8.23 has. A constant keeps the compiler from refusing the extra member.
  const all = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: options.maxInboundFrameBytes,
    maxFragments: options.inboundFramesBurst,
    maxBufferedChunks: maxPiecesOf(options.maxInboundFrameBytes),
    closeTimeout: options.closeTimeoutMs,
    handleProtocols: (offered: Set<string>) => (offered.has(cloudEventsSubprotocol) ? cloudEventsSubprotocol : false),
    WebSocket: Handshake,
  } as const
  return {
    answer: new WebSocketServer<typeof Handshake>(all),
    wake: (tcp, bytes, owner) => {
      const connection = createConnection(all)
      connection.begin(tcp, bytes, { ...all, owner, isCompressed: owner.isCompressed })
      return connection
    },
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
