import { request, type RequestOptions } from 'node:https'
import type { Place } from './place.ts'

export interface IngressRequest {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /**
   *
   * @default the host of the place
   */
  readonly host?: string
  readonly timeoutMs?: number
}

export interface IngressResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/**
 * Returns how a client of this machine reaches the ingress. Names below localhost are 127.0.0.1 to browsers and curl, but not to every
 * resolver.
 */
export const connectionTo = (place: Pick<Place, 'httpsPort'>, host: string, ca: string): RequestOptions & { readonly ca: string } => ({
  host: '127.0.0.1',
  port: place.httpsPort,
  servername: host,
  ca,
})

/**
 * Sends a request through the ingress, by https. @param ca the only authority that is trusted @throws Error when no answer comes in time,
 * or the certificate is not trusted
 */
export function askIngress(
  place: Place,
  ca: string,
  { path, method = 'GET', headers = {}, body, host = place.host, timeoutMs = 10_000 }: IngressRequest,
): Promise<IngressResponse> {
  return new Promise((resolve, reject) => {
    const options = {
      ...connectionTo(place, host, ca),
      path,
      method,
      headers: { host: `${host}:${place.httpsPort}`, ...headers },
      signal: AbortSignal.timeout(timeoutMs),
      agent: false,
    }
    const asked = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
      response.once('error', reject)
    })
    asked.once('error', reject)
    asked.end(body)
  })
}
