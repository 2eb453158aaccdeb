/**
 * The floor of a handshake: the answer 101 and a first frame, from `node:net` or from `node:http` (`HANDSHAKE_BY`). There are no tokens, limits or
 * sessions.
 */
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { websocketFraming } from '../../gateway/adapters/ws/frame.ts'
import { switchProtocols } from '../../gateway/adapters/ws/switch-protocols.ts'
import { answerCalls } from '../lib/calls.ts'
import type { SubjectCalls } from '../lib/subject-calls.ts'
import { measureSelf } from '../lib/usage.ts'

const payload = Buffer.alloc(250, 'x')
const firstFrame = Buffer.concat([websocketFraming.before(payload.length, null), payload]).toString('latin1')

function accept(socket: Socket, key: string): void {
  socket.write(switchProtocols(key, { subprotocol: 'cloudevents.json', extensions: null }) + firstFrame, 'latin1')
  socket.on('data', ignore)
}

/** The client of the benchmark sends its head at once. */
function onHead(this: Socket, chunk: Buffer): void {
  this.off('data', onHead)
  const headers = new Map<string, string>()
  for (const line of chunk.toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  accept(this, headers.get('sec-websocket-key') ?? '')
}

/** The client has gone: `close` follows. */
const ignore = (): void => {}

function serveByHttp(): Server {
  const server = createHttpServer()
  // The connections of an HTTP server are net.Sockets.
  return server.on('upgrade', (request, socket) => accept(socket.on('error', ignore) as Socket, request.headers['sec-websocket-key'] ?? ''))
}

const serveByNet = (): Server => createNetServer({ noDelay: true }, (socket) => socket.on('data', onHead).on('error', ignore))

const server = process.env['HANDSHAKE_BY'] === 'http' ? serveByHttp() : serveByNet()

const calls: SubjectCalls = {
  ...measureSelf(),
  start: () =>
    // A server that listens on TCP has an address with a port.
    new Promise((resolve) =>
      server.listen(0, '127.0.0.1', 4096, () =>
        resolve({
          host: '127.0.0.1',
          port: (server.address() as AddressInfo).port,
          path: '/',
          headers: { authorization: `Bearer ${'x'.repeat(400)}` },
          otherHeaders: {},
        }),
      ),
    ),
  broadcast: async () => {
    throw new Error('this server has no events')
  },
}

answerCalls(calls)
