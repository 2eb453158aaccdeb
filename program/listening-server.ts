import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { describeAddress, type HostAndPort, listenAddress } from './options/listen-address.ts'

/** An HTTP server that can be started once and stopped. */
export interface ListeningServer {
  readonly server: Server
  /**
   * Starts to take connections.
   * @returns the port, which differs from the asked one when that was 0
   * @throws Error that names the address, and the options that choose another one, when the address cannot be listened on
   */
  listen(address: HostAndPort): Promise<{ readonly port: number }>
  /** Accepts no more connections, ends idle ones, waits for the others until the deadline, then cuts them. Idempotent. */
  close(options: { readonly deadlineMs: number }): Promise<void>
}

/** Names of the options that choose the address, for errors. */
export interface AddressOptions {
  readonly host: string
  readonly port: string
}

/**
 * Connections that may wait to be taken. Node's 511 is less than the number of clients that connect at once after a restart. A client that the kernel
 * turns away tries again only after one second, three, seven. The kernel allows at most its `somaxconn`, 4,096 on Linux.
 */
const backlog = 4_096

/** Call it before the server listens. */
export function listeningServer(server: Server, addressOptions: AddressOptions): ListeningServer {
  return { server, listen: (address) => listenOn(server, address, addressOptions), close: closerOf(server) }
}

async function listenOn(server: Server, asked: HostAndPort, options: AddressOptions): Promise<{ readonly port: number }> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void =>
      reject(new Error(`cannot listen on ${describeAddress(asked)}: ${explain(error, options)}`, { cause: error }))
    server.once('error', onError)
    server.listen({ ...listenAddress(asked), backlog }, () => {
      server.off('error', onError)
      resolve()
    })
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : asked.port }
}

function explain(error: NodeJS.ErrnoException, { host, port }: AddressOptions): string {
  if (error.code === 'EADDRINUSE') return `another program listens there. Choose another port with ${port}; 0 takes a free one`
  return `${error.message}. Choose another address with ${host} and ${port}`
}

/**
 * Returns the `close` of a server. Upgraded connections count as open until the code that upgraded them ends them. They are not cut here: they no
 * longer belong to the server.
 */
function closerOf(server: Server): ListeningServer['close'] {
  /** Connections that have made no request yet. Those that never sent a byte, mostly spare connections of browsers, count as busy for Node. */
  const fresh = new Set<Socket>()
  function forget(this: Socket): void {
    fresh.delete(this)
  }
  server.on('connection', (socket: Socket) => {
    fresh.add(socket)
    socket.on('close', forget)
  })
  const used = (socket: Socket): void => {
    if (fresh.delete(socket)) socket.off('close', forget)
  }
  server.on('request', ({ socket }) => used(socket))
  // Node hands upgrades to a server with a listener for them, so a server without one gets none here.
  server.once('listening', () => {
    if (server.listenerCount('upgrade') > 0) server.prependListener('upgrade', ({ socket }) => used(socket))
  })
  let closed: Promise<void> | null = null
  const close = (deadlineMs: number): Promise<void> =>
    new Promise((resolve) => {
      const cut = setTimeout(() => {
        server.closeAllConnections()
        resolve()
      }, deadlineMs)
      // An error means that the server did not listen, or is closed already: nothing is left to do.
      server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      for (const socket of fresh) if (socket.bytesRead === 0) socket.destroy()
    })
  return ({ deadlineMs }) => (closed ??= close(deadlineMs))
}
