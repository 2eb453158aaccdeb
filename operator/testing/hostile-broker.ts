import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** A listener that acts as a malicious broker: it announces a response of 2 GiB, and sends as much of it as the client accepts. */
export interface HostileBroker {
  /** Address for bootstrapServers. */
  readonly address: string
  /** Number of connections so far. */
  readonly connections: number
  stop(): Promise<void>
}

const chunk = Buffer.alloc(1 << 20)
const mostChunks = 400

export async function startHostileBroker(): Promise<HostileBroker> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {}) // the client closes the connection, as it should
    socket.once('data', (request) => flood(socket, request))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`, // a TCP server
    get connections() {
      return connections
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Sends the length of 2 GiB, the id of the request, and zeros. */
function flood(socket: Socket, request: Buffer): void {
  const head = Buffer.alloc(8)
  head.writeInt32BE(0x7fffffff)
  request.copy(head, 4, 8, 12)
  socket.write(head)
  let left = mostChunks
  const write = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= 1
      if (!socket.write(chunk)) return void socket.once('drain', write)
    }
  }
  write()
}
