import { createServer, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../../testing/recording-metrics.ts'
import { options as optionTable } from '../../../config/options.ts'
import type { Admission, Admitted, Handshake, HandshakeRequest, JoinChannel } from '../../../session/handshake.ts'
import type { Socket } from '../../../session/socket.ts'
import { anAdmission } from '../../../testing/builders.ts'
import { attachWebSocketUpgrade, type UpgradeOptions } from '../upgrade.ts'

export const testPath = '/wss/chrome-service/v1/ws'

export interface RigSettings {
  readonly options?: Partial<UpgradeOptions>
  readonly isDevelopment?: boolean
  /** Decides in place of an admission that accepts every client. */
  readonly admit?: (request: HandshakeRequest, admitted: Admitted) => Promise<Handshake>
  /** Replaces the making of a session. */
  readonly join?: JoinChannel
  readonly server?: ServerOptions
}

/** The server's side of one connection, as a session sees it. */
export interface OpenedSocket {
  readonly socket: Socket
  /** Names of the calls, in order. */
  readonly calls: ('drained' | 'alive' | 'closed')[]
  /** Messages of the peer; null: a binary one. */
  readonly received: (string | null)[]
}

const defaults: UpgradeOptions = {
  handshakeTimeoutMs: optionTable.handshakeTimeoutMs.default,
  maxInboundFrameBytes: optionTable.maxInboundFrameBytes.default,
  socketBufferBytes: optionTable.socketBufferBytes.default,
  inboundFramesPerS: optionTable.inboundFramesPerS.default,
  inboundFramesBurst: optionTable.inboundFramesBurst.default,
  closeTimeoutMs: 300,
  wsCompression: optionTable.wsCompression.default,
}

/** Starts a real HTTP server with the upgrade attached. Its admission notes the requests and the sessions that it opened. */
export async function startRig(settings: RigSettings = {}) {
  const { metrics, value } = createRecordingMetrics()
  const { logger, lines } = createRecordingLogger()
  const opened: OpenedSocket[] = []
  const requests: HandshakeRequest[] = []
  const admitted = anAdmission()
  const admission: Admission = {
    admit: (request) => {
      requests.push(request)
      return settings.admit?.(request, admitted) ?? Promise.resolve(admitted)
    },
  }
  const server = createServer(settings.server ?? {}, (_request, response) => response.end('an ordinary answer'))
  const options = { ...defaults, ...settings.options }
  const upgrade = attachWebSocketUpgrade(server, {
    path: testPath,
    isDevelopment: settings.isDevelopment ?? false,
    admission,
    join: settings.join ?? ((socket) => void opened.push(openSocket(socket))),
    options,
    metrics,
    logger,
    now: Date.now,
  })
  const port = await listen(server)
  return {
    server,
    port,
    url: `ws://127.0.0.1:${port}${testPath}`,
    opened,
    requests,
    lines,
    value,
    upgrade,
    stop: () => stopRig(server, upgrade),
  }
}

export type Rig = Awaited<ReturnType<typeof startRig>>

function openSocket(socket: Socket): OpenedSocket {
  const calls: OpenedSocket['calls'] = []
  const received: OpenedSocket['received'] = []
  socket.attach({
    drained: () => void calls.push('drained'),
    alive: () => void calls.push('alive'),
    received: (text) => void received.push(text === null ? null : String(text)),
    closed: () => void calls.push('closed'),
  })
  return { socket, calls, received }
}

function listen(server: Server): Promise<number> {
  // A server that listens on TCP has an address with a port.
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

async function stopRig(server: Server, upgrade: { readonly stop: () => Promise<void> }): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await upgrade.stop()
  await closed
}
