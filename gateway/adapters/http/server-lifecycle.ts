import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { describeAddress, type HostAndPort, listenAddress } from '../../../program/options/listen-address.ts'

/** An HTTP server that can be started once and stopped. */
export interface ListeningServer {
  /** For whoever answers upgrades. */
  readonly server: Server
  /**
   * @returns the port, which differs from the one asked for when that was 0. @throws when the address cannot be listened on: the message
   * names it
   */
  listen(address: HostAndPort): Promise<{ readonly port: number }>
  /** Takes no more connections, ends those that are idle, waits for the others until the deadline, then cuts them. Idempotent. */
  close(options: { readonly deadlineMs: number }): Promise<void>
}

/**
 * Connections that may wait to be taken. Node's 511 is less than what comes at once after a restart, and whom the kernel turns away tries again only after
 * one second, three, seven. The kernel allows no more than its `somaxconn`, 4,096 on Linux.
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
 * Makes the `close` of a server. Upgraded connections count as open until whoever upgraded them has ended them, but are not cut here: they
 * are no longer the server's. Call it before the server listens.
 */
export function closerOf(server: Server): ListeningServer['close'] {
  /**
   * Connections that have made no request yet. Those that never said a word, browsers' reserves for the most part, count as busy for Node.
   */
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
      // An error says that it was not listening, or that somebody has closed it already: there is nothing left to do.
      server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      for (const socket of fresh) if (socket.bytesRead === 0) socket.destroy()
    })
  return ({ deadlineMs }) => (closed ??= close(deadlineMs))
}
