import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'

/**
 * Finds a port of 127.0.0.1 that is free now together with the next one: a broker needs a second port for its controller. Another process
 * may take it before its use; then the caller tries again with another.
 * @param candidate returns a port to try; 0: one that the kernel chooses
 */
export async function findFreePortPair(candidate: () => number = () => 0): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = await listen(candidate())
    if (first === null) continue
    const { port } = first.address() as AddressInfo // a TCP server has an address of this type
    const second = port < 65_535 ? await listen(port + 1) : null
    await Promise.all([closed(first), closed(second)])
    if (second !== null) return port
  }
  throw new Error('no two free ports in a row on 127.0.0.1 after 50 attempts; end some of the servers on this machine')
}

/**
 * Finds a pair for a server that restarts on its ports. It lies below the range of outgoing connections (from 32768 on Linux), so no
 * connection takes a port in between. Two pairs are equal or have no port in common.
 */
export function findQuietPortPair(): Promise<number> {
  return findFreePortPair(() => 20_000 + 2 * Math.floor(Math.random() * 6_000))
}

/** Returns null when the port is taken. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function closed(server: Server | null): Promise<void> {
  return new Promise((resolve) => (server === null ? resolve() : server.close(() => resolve())))
}
