/** The yardstick: a server of node:net that only writes the same bytes to all of its connections. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { websocketFraming } from '../../gateway/adapters/ws/frame.ts'
import { answerCalls } from '../lib/calls.ts'
import type { SubjectCalls } from '../lib/subject-calls.ts'
import { measureSelf } from '../lib/usage.ts'

const sockets = new Set<Socket>()
const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
  // The client of the benchmark has gone: `close` follows.
  socket.on('error', () => {})
  socket.resume()
})

const calls: SubjectCalls = {
  ...measureSelf(),
  start: () =>
    // A server that listens on TCP has an address with a port.
    new Promise((resolve) =>
      server.listen(0, '127.0.0.1', 4096, () =>
        resolve({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, path: null, headers: {}, otherHeaders: {} }),
      ),
    ),
  broadcast: async ({ events, bytes }) => {
    const frame = frameOf(bytes)
    for (let event = 0; event < events; event += 1) {
      for (const socket of sockets) socket.write(frame)
    }
  },
}

function frameOf(bytes: number): Buffer {
  const payload = Buffer.alloc(bytes - 4, 'x')
  return Buffer.concat([websocketFraming.before(payload.length, null), payload])
}

answerCalls(calls)
