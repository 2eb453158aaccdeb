import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'

export interface TunnelOptions {
  /** PEM certificates of the authorities of the server, and of the proxy if that speaks TLS. Left out: the system's. */
  readonly ca?: Buffer
  /** Ends the tunnel, also while it is being made. */
  readonly signal: AbortSignal
}

/** The request to a proxy, and the name in the proxy's certificate. */
export function requestOf(proxy: URL, { ca, signal }: TunnelOptions): (options: RequestOptions) => ReturnType<typeof httpRequest> {
  const address = { host: bare(proxy.hostname), port: portOf(proxy), agent: false, signal } as const
  if (proxy.protocol === 'http:') return (options) => httpRequest({ ...address, ...options })
  return (options) => httpsRequest({ ...address, ...(ca === undefined ? {} : { ca }), ...options })
}

/**
 * Opens a TLS connection to a server through a proxy (CONNECT, RFC 9110, section 9.3.6). The agent of Node.js can do that as well. But it
 * ignores the signal while it makes the tunnel, and when the server behind the proxy is silent the connection stays.
 * @throws the failure, or that the proxy refused
 */
export async function openTunnel(server: URL, proxy: URL, options: TunnelOptions): Promise<TLSSocket> {
  const socket = addAbortSignal(options.signal, await connectThrough(server, proxy, options))
  // The TLS connection over it reports the same error to the waiting callers.
  socket.on('error', () => {})
  const host = bare(server.hostname)
  const secured = connect({
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  })
  return new Promise((resolve, reject) => {
    secured.once('secureConnect', () => resolve(secured)).once('error', reject)
    // Before the handshake has ended, TLS does not report that the connection under it is gone.
    socket.once('close', () => reject(new Error('the connection through the proxy has ended')))
  })
}

function connectThrough(server: URL, proxy: URL, options: TunnelOptions): Promise<Socket> {
  const authority = `${server.hostname}:${portOf(server)}`
  return new Promise((resolve, reject) => {
    const asked = requestOf(proxy, options)({ method: 'CONNECT', path: authority, headers: { host: authority } })
    asked.once('connect', ({ statusCode }, socket: Socket) => {
      if (statusCode === 200) return resolve(socket)
      socket.destroy()
      return reject(new Error(`the proxy answered HTTP status ${statusCode}, not 200`))
    })
    asked.once('error', reject).end()
  })
}

const portOf = ({ port, protocol }: URL): string => (port !== '' ? port : protocol === 'https:' ? '443' : '80')

/** Removes the brackets that an IPv6 address has in a URL. */
const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')
