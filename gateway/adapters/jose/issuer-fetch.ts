import { readFileSync } from 'node:fs'
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import type { Config } from '../../config/options.ts'
import { certificatesOf } from '../../../program/pem-certificates.ts'
import { openTunnel, requestOf } from './tunnel.ts'

export type IssuerFetchOptions = Pick<Config, 'jwksCaFile' | 'jwksProxy'>

/** The part of the platform's `fetch` that gets keys: a GET with headers and a signal. A redirect is not followed. */
export type GetFetch = (
  url: string,
  init: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal; readonly redirect: 'error' },
) => Promise<Response>

/**
 * Returns a fetch for the issuer's server. The platform's `fetch` takes authorities or a proxy for the whole process only, not for one
 * request. The brokers would then be checked against authorities that are meant for the issuer. So with either option the requests are made
 * by `node:https`.
 * @throws Error that names the file when it has no certificates
 */
export function createIssuerFetch({ jwksCaFile, jwksProxy }: IssuerFetchOptions): GetFetch {
  if (jwksCaFile === '' && jwksProxy === '') return (url, init) => fetch(url, init)
  readAuthorities(jwksCaFile)
  // A fetch is rare, so each has a connection of its own, with the current authorities: the file may rotate.
  return async (url, { headers, signal }) => {
    const trusted = { ...readAuthorities(jwksCaFile), signal }
    return responseOf(
      await answerOf(await requestTo(new URL(url), { proxy: jwksProxy === '' ? null : new URL(jwksProxy), headers, trusted })),
    )
  }
}

interface Way {
  /** Null: no proxy. */
  readonly proxy: URL | null
  readonly headers: Readonly<Record<string, string>>
  readonly trusted: { readonly ca?: Buffer; readonly signal: AbortSignal }
}

/** @returns a request that is not sent yet */
async function requestTo(server: URL, { proxy, headers, trusted }: Way): Promise<ClientRequest> {
  const { signal } = trusted
  const isSecure = server.protocol === 'https:'
  if (proxy === null)
    return isSecure ? httpsRequest(server, { ...trusted, headers, agent: false }) : httpRequest(server, { headers, signal, agent: false })
  if (!isSecure) return requestOf(proxy, trusted)({ path: server.href, headers: { ...headers, host: server.host } })
  const tunnel = await openTunnel(server, proxy, trusted)
  return httpsRequest(server, { headers: { ...headers, connection: 'close' }, signal, createConnection: () => tunnel })
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => void request.once('response', resolve).once('error', reject).end())
}

function readAuthorities(file: string): { readonly ca?: Buffer } {
  if (file === '') return {}
  const ca = readFileSync(file)
  certificatesOf(ca, `JWKS_CA_FILE (${file})`)
  return { ca }
}

/** Statuses for which `Response` allows no body. */
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304])

function responseOf(message: IncomingMessage): Response {
  const { statusCode: status = 0 } = message
  if (!withoutBody.has(status)) return new Response(Readable.toWeb(message) as ReadableStream<Uint8Array>, { status }) // a message without an encoding is bytes
  message.resume()
  return new Response(null, { status })
}
