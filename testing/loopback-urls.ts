import { networkInterfaces } from 'node:os'

/** Returns the URLs of a port on this machine that is open on all addresses: by IPv4, and by IPv6 where the machine has it. */
export function loopbackUrls(port: number): readonly string[] {
  return [`http://127.0.0.1:${port}`, ...(hasIpv6() ? [`http://[::1]:${port}`] : [])]
}

/** Returns true when this machine has the address ::1. A container may lack it. */
export function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1') === true)
}
