import type { Server } from 'node:http'

/** An HTTP server that can be started once and stopped. */
export interface ListeningServer {
  /** For whoever answers upgrades. */
  readonly server: Server
  /** @returns the port, which differs from the one asked for when that was 0. @throws when the address cannot be listened on: the message names it */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>
  /** Takes no more connections, ends those that are idle, waits for the others until the deadline, then cuts them. Idempotent. */
  close(options: { readonly deadlineMs: number }): Promise<void>
}

export async function listenOn(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(new Error(`cannot listen on ${host}:${port}: ${error.message}; free the address or choose another`, { cause: error }))
    server.once('error', onError)
    server.listen({ host, port }, () => {
      server.off('error', onError)
      resolve()
    })
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : port }
}

/** Upgraded connections count as open until whoever upgraded them has ended them, but are not cut here: they are no longer the server's. */
export async function closeServer(server: Server, deadlineMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections()
      resolve()
    }, deadlineMs)
    // An error says that it was not listening, or that somebody has closed it already: there is nothing left to do.
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}
