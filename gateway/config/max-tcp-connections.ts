import type { Options } from './options.ts'

/** Returns the TCP connections of the public port that no session has when all places of sessions are taken. */
export function tcpHeadroom({ maxConnections }: Pick<Options, 'maxConnections'>): number {
  // Clients that are refused need a connection to be told so, and emitters need one, too.
  return Math.max(256, Math.ceil(maxConnections / 10))
}

/** Returns the TCP connections that the public port takes: one for each session, and some for requests. */
export function maxTcpConnections(options: Pick<Options, 'maxConnections'>): number {
  return options.maxConnections + tcpHeadroom(options)
}
