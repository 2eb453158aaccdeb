import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'

/**
 * A port of 127.0.0.1 that is free just now, and so is the next one: a broker wants a second port for its controller.
 * Nothing keeps it free until it is used, so the caller tries again with another when it is taken in between.
 * @param candidate a port to try; 0: one that the kernel chooses
 */
export async function findFreePortPair(candidate: () => number = () => 0): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = await listen(candidate())
    if (first === null) continue
    const { port } = first.address() as AddressInfo // a server that listens on TCP has an address of this type
    const second = port < 65_535 ? await listen(port + 1) : null
    await Promise.all([closed(first), closed(second)])
    if (second !== null) return port
  }
  throw new Error('no two free ports in a row on 127.0.0.1 after 50 attempts; end some of the servers on this machine')
}

/**
 * A pair for a server that is stopped and started again on its ports: below those that the kernel gives to outgoing connections (from 32768 on Linux), so that no connection takes one
 * in between. Two pairs are the same or have no port in common.
 */
export function findQuietPortPair(): Promise<number> {
  return findFreePortPair(() => 20_000 + 2 * Math.floor(Math.random() * 6_000))
}

/** null when the port is taken. */
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
