/**
 * Returns the argument of `server.listen`. No host means every address of the machine. Node.js then listens on `::`, which takes IPv6 and IPv4, or on
 * `0.0.0.0` on a machine without IPv6 (https://nodejs.org/api/net.html#serverlistenport-host-backlog-callback).
 */
export function listenAddress({ host, port }: HostAndPort): { readonly host?: string; readonly port: number } {
  return host === '' ? { port } : { host, port }
}

/** Returns the address for an error, an IPv6 address in brackets. */
export function describeAddress({ host, port }: HostAndPort): string {
  if (host === '') return `port ${port} of all addresses`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export interface HostAndPort {
  /** Empty: all addresses. */
  readonly host: string
  readonly port: number
}
