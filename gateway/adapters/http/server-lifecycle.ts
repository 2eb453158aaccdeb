import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { describeAddress, type HostAndPort, listenAddress } from '../../../program/options/listen-address.ts'

/** An HTTP server that can be started once and stopped. */
export interface ListeningServer {
  /** The server, for code that answers upgrades. */
  readonly server: Server
  /**
   * Listens.
   * @returns the port, which differs from the requested one when that was 0 @throws when the address cannot be listened on: the message
   * names it
   */
  listen(address: HostAndPort): Promise<{ readonly port: number }>
  /** Accepts no more connections, ends idle ones, waits for the others until the deadline, then cuts them. Idempotent. */
  close(options: { readonly deadlineMs: number }): Promise<void>
}

/**
 * Connections that may wait to be accepted. Node's 511 is less than what comes at once after a restart. A client that the kernel turns away
 * tries again only after one second, three, seven. The kernel allows no more than its `somaxconn`, 4,096 on Linux.
 */
const backlog = 4_096

export async function listenOn(server: Server, asked: HostAndPort): Promise<{ readonly port: number }> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void =>
      reject(new Error(`cannot listen on ${describeAddress(asked)}: ${explain(error)}`, { cause: error }))
    server.once('error', onError)
    server.listen({ ...listenAddress(asked), backlog }, () => {
      server.off('error', onError)
      resolve()
    })
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : asked.port }
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'another program listens there (PORT and INTERNAL_PORT choose other ports; 0 takes a free one)'
  return `${error.message} (HOST, PORT, INTERNAL_HOST and INTERNAL_PORT choose another address)`
}

/**
 * Returns the `close` of a server. Upgraded connections count as open until their owner has ended them. They are not cut here, because the
 * server no longer owns them. Call this before the server listens.
 */
export function closerOf(server: Server): ListeningServer['close'] {
  /** Connections without a request so far. Node counts connections that never sent a byte as busy: most are browsers' reserves. */
  const fresh = new Set<Socket>()
  function forget(this: Socket): void {
    fresh.delete(this)
  }
  server.on('connection', (socket: Socket) => {
    fresh.add(socket)
    socket.once('close', forget)
  })
  server.on('request', ({ socket }) => fresh.delete(socket))
  let closed: Promise<void> | null = null
  const close = (deadlineMs: number): Promise<void> =>
    new Promise((resolve) => {
      const cut = setTimeout(() => {
        server.closeAllConnections()
        resolve()
      }, deadlineMs)
      // An error reports that the server was not listening, or is closed already: there is nothing left to do.
      server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      for (const socket of fresh) if (socket.bytesRead === 0) socket.destroy()
    })
  return ({ deadlineMs }) => (closed ??= close(deadlineMs))
}
