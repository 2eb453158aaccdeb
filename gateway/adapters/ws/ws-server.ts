import { type Server, WebSocketServer } from 'ws'
import { cloudEventsSubprotocol } from '../../auth/subprotocols.ts'
import type { Options } from '../../config/options.ts'
import { Connection } from './connection.ts'

export type WsServer = Server<typeof Connection>

export type WsServerOptions = Pick<Options, 'maxInboundFrameBytes' | 'inboundFramesBurst' | 'closeTimeoutMs'>

/** Answers handshakes, and nothing else: no port, no list of clients, no compression (209 KB for each connection), no pongs of its own. */
export function createWsServer(options: WsServerOptions): WsServer {
  // The installed types do not know `closeTimeout`, which ws 8.23 has: a constant, so that the compiler does not mind the extra member.
  const all = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: options.maxInboundFrameBytes,
    maxFragments: options.inboundFramesBurst,
    maxBufferedChunks: maxCrumbs,
    closeTimeout: options.closeTimeoutMs,
    handleProtocols: (offered: Set<string>) => (offered.has(cloudEventsSubprotocol) ? cloudEventsSubprotocol : false),
    WebSocket: Connection,
  } as const
  return new WebSocketServer<typeof Connection>(all)
}

/** Pieces of an unfinished frame that are kept. Each costs some 200 bytes, whatever its size; a frame of 4 KiB comes in a few. */
const maxCrumbs = 64
