import type { Options } from './options.ts'

/** Returns how many TCP connections of the public port are left when all places of sessions are taken. */
export function tcpHeadroom({ maxConnections }: Pick<Options, 'maxConnections'>): number {
  // Refused clients need a connection for their answer, and emitters need one, too.
  return Math.max(256, Math.ceil(maxConnections / 10))
}

/** Returns how many TCP connections the public port takes: one for each session, and some for requests. */
export function maxTcpConnections(options: Pick<Options, 'maxConnections'>): number {
  return options.maxConnections + tcpHeadroom(options)
}
