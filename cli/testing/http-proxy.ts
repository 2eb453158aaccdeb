import { createServer as createHttp, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { Credentials } from '../../testing/certificates.ts'

/** A reverse proxy in front of a gateway, with the faults of real ones. */
export interface HttpProxy {
  readonly port: number
  close(): Promise<void>
}

export interface HttpProxyOptions {
  /** Port of the gateway on 127.0.0.1. */
  readonly target: number
  /** The proxy speaks TLS with this certificate. */
  readonly tls?: Credentials
  /** Takes the Upgrade header away. */
  readonly stripsUpgrade?: boolean
  /** Sends the head of an answer at once, and its body when it is complete. */
  readonly buffers?: boolean
  /** Compresses answers. `held`: without a flush after each piece, so that a short piece stays in the proxy. */
  readonly compresses?: 'flushed' | 'held'
  /** Removes this header from the answer to an upgrade. */
  readonly drops?: string
  /** Changes the head of every other answer. */
  readonly rewrite?: (answer: IncomingMessage) => void
}

const hopByHop = new Set(['upgrade', 'connection'])

export async function startHttpProxy(options: HttpProxyOptions): Promise<HttpProxy> {
  const { tls, target, drops = '' } = options
  const sockets = new Set<Duplex>()
  const handle = (incoming: IncomingMessage, answer: ServerResponse): void => forward(options, incoming, answer)
  const server = tls === undefined ? createHttp(handle) : createHttps({ cert: tls.certificate, key: tls.key }, handle)
  if (!options.stripsUpgrade)
    server.on('upgrade', (incoming: IncomingMessage, socket: Duplex) => {
      const behind = connect({ host: '127.0.0.1', port: target })
      const headers = incoming.rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${incoming.rawHeaders[at + 1]}\r\n`] : []))
      behind.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers.join('')}\r\n`)
      behind.once('data', (head: Buffer) => {
        socket.write(drops === '' ? head : Buffer.from(head.toString('latin1').replace(new RegExp(`^${drops}:.*\r\n`, 'im'), ''), 'latin1'))
        behind.pipe(socket).pipe(behind)
      })
      for (const one of [behind, socket]) {
        sockets.add(one)
        // The end of one side ends the other.
        one.on('error', () => undefined)
        one.once('close', () => [behind, socket].forEach((each) => each.destroy()))
      }
    })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function forward(
  { target, buffers = false, compresses, rewrite }: HttpProxyOptions,
  incoming: IncomingMessage,
  answer: ServerResponse,
): void {
  const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !hopByHop.has(name)))
  const behind = request({ host: '127.0.0.1', port: target, method: incoming.method, path: incoming.url, headers }, (response) => {
    rewrite?.(response)
    const isCompressed = compresses !== undefined && incoming.headers['accept-encoding'] !== undefined
    const encoding = isCompressed ? { 'content-encoding': 'gzip' } : {}
    const { 'content-length': _length, ...passed } = response.headers
    answer.writeHead(response.statusCode ?? 502, { ...passed, ...encoding }).flushHeaders()
    if (isCompressed) return compress(response, answer, compresses)
    if (!buffers) return void response.pipe(answer)
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.once('end', () => answer.end(Buffer.concat(chunks)))
    response.on('error', () => answer.destroy())
  })
  behind.on('error', () => answer.destroy())
  answer.once('close', () => behind.destroy())
  incoming.pipe(behind)
}

function compress(response: IncomingMessage, answer: ServerResponse, how: 'flushed' | 'held'): void {
  const gzip = createGzip()
  gzip.pipe(answer)
  response.on('data', (chunk: Buffer) => {
    gzip.write(chunk)
    if (how === 'flushed') gzip.flush()
  })
  response.once('end', () => gzip.end())
  response.on('error', () => answer.destroy())
}
