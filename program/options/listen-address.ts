/**
 * What a server is told to listen on. No host means every address of the machine: Node.js then opens one socket on `::`, which takes IPv6 and IPv4, and
 * one on `0.0.0.0` where the machine has no IPv6 (https://nodejs.org/api/net.html#serverlistenport-host-backlog-callback).
 */
export function listenAddress({ host, port }: HostAndPort): { readonly host?: string; readonly port: number } {
  return host === '' ? { port } : { host, port }
}

/** The address as an error names it: an IPv6 address stands in brackets. */
export function describeAddress({ host, port }: HostAndPort): string {
  if (host === '') return `port ${port} of all addresses`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export interface HostAndPort {
  /** Empty: all addresses. */
  readonly host: string
  readonly port: number
}
