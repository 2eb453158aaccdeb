import { readFileSync } from 'node:fs'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import type { Config } from '../../config/options.ts'
import { certificatesOf } from '../../pem-certificates.ts'

export type IssuerFetchOptions = Pick<Config, 'jwksCaFile' | 'jwksProxy'>

/** The part of the platform's `fetch` that gets keys: a GET with headers and a signal. A redirect is not followed. */
export type GetFetch = (url: string, init: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal; readonly redirect: 'error' }) => Promise<Response>

/**
 * Makes what reaches the issuer's server. The platform's `fetch` takes neither authorities nor a proxy for one request, only for the whole process, and
 * then the brokers would be judged by authorities that are meant for the issuer. So with either option the requests are made by `node:https`.
 * @throws Error that names the file when it has no certificates
 */
export function createIssuerFetch(options: IssuerFetchOptions): GetFetch {
  const { jwksCaFile, jwksProxy } = options
  if (jwksCaFile === '' && jwksProxy === '') return (url, init) => fetch(url, init)
  readAuthorities(jwksCaFile)
  return async (url, { headers, signal }) => {
    const isSecure = url.startsWith('https:')
    // A fetch is rare, so each has a connection of its own, with the authorities of this moment: the file may rotate.
    const agent = isSecure ? new HttpsAgent({ ...readAuthorities(jwksCaFile), ...through('HTTPS_PROXY', jwksProxy) }) : new HttpAgent(through('HTTP_PROXY', jwksProxy))
    const message = await send(url, { agent, headers, signal }, isSecure ? httpsRequest : httpRequest)
    message.once('close', () => agent.destroy())
    return responseOf(message)
  }
}

function readAuthorities(file: string): { readonly ca?: Buffer } {
  if (file === '') return {}
  const ca = readFileSync(file)
  certificatesOf(ca, `JWKS_CA_FILE (${file})`)
  return { ca }
}

/** https://nodejs.org/api/http.html#built-in-proxy-support: without NO_PROXY in it, every host is reached through the proxy. */
const through = (variable: 'HTTP_PROXY' | 'HTTPS_PROXY', proxy: string): object => (proxy === '' ? {} : { proxyEnv: { [variable]: proxy } })

function send(url: string, options: RequestOptions, request: typeof httpRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, options, resolve).once('error', reject).end()
  })
}

/** Statuses that `Response` lets have no body. */
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304])

function responseOf(message: IncomingMessage): Response {
  const { statusCode: status = 0 } = message
  if (!withoutBody.has(status)) return new Response(Readable.toWeb(message) as ReadableStream<Uint8Array>, { status }) // a message without an encoding is bytes
  message.resume()
  return new Response(null, { status })
}
