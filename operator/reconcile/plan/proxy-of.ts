import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { isInNetwork, parseIp } from './ip-address.ts'

type Proxies = NonNullable<StoredSpec['network']['proxy']>

/**
 * Returns the proxy through which a URL is reached, null for none. `noProxy` is read as curl and Go read NO_PROXY: a name matches itself and all names below it,
 * and an entry with a port matches only that port.
 */
export function proxyOf(uri: string, proxies: Proxies | undefined): string | null {
  if (proxies === undefined || !URL.canParse(uri)) return null
  const { protocol, hostname, port } = new URL(uri)
  const proxy = protocol === 'https:' ? proxies.httpsProxy : proxies.httpProxy
  const target: Target = { host: hostname.toLowerCase().replace(/\.$/, ''), port: port === '' ? (defaultPorts[protocol] ?? '') : port }
  return proxy === undefined || [...loopback, ...(proxies.noProxy ?? [])].some((entry) => isMeant(entry.toLowerCase(), target))
    ? null
    : proxy
}

/** Returns the port of a URL, also the default port of its scheme; null for any other text. */
export function portOf(url: string): number | null {
  if (!URL.canParse(url)) return null
  const { protocol, port } = new URL(url)
  const text = port === '' ? defaultPorts[protocol] : port
  return text === undefined ? null : Number(text)
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

const loopback = ['localhost', '127.0.0.0/8', '::1'] as const

interface Target {
  readonly host: string
  readonly port: string
}

function isMeant(entry: string, { host, port }: Target): boolean {
  if (entry === '*') return true
  const address = parseIp(host)
  if (entry.includes('/')) return address !== null && isInNetwork(address, entry)
  // The colons of an IPv6 address without brackets do not separate a port.
  const [, name = entry, ofPort = port] = parseIp(entry) === null ? (/^(.*):(\d{1,5})$/.exec(entry) ?? []) : []
  if (ofPort !== port) return false
  const named = parseIp(name)
  if (named !== null || address !== null) return named?.bits === address?.bits && named?.value === address?.value
  const suffix = name.replace(/^\*?\./, '')
  return host === suffix || host.endsWith(`.${suffix}`)
}
