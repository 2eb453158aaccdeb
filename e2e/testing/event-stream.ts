import { request } from 'node:https'
import { createSseParser } from '../../client/sse-parser.ts'
import { connectionTo } from '../platform/ingress-request.ts'
import type { Stage } from './stage.ts'

export interface EventStream {
  readonly status: number
  /** `data` of the messages that have arrived, in order. */
  readonly data: readonly string[]
  close(): void
}

/** Opens Server-Sent Events through the ingress, as `curl` would read them. Resolves when the response begins. */
export function openEventStream(
  { platform: { place, own } }: Stage,
  { path, token }: { readonly path: string; readonly token: string },
): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const data: string[] = []
    const headers = { host: `${place.host}:${place.httpsPort}`, accept: 'text/event-stream', authorization: `Bearer ${token}` }
    const asked = request({ ...connectionTo(place, place.host, own.ca.certificate), path, headers, agent: false }, (response) => {
      const feed = createSseParser((_type, text) => data.push(text))
      response.setEncoding('utf8').on('data', feed)
      // It ends when this side closes it.
      response.on('error', () => {})
      resolve({ status: response.statusCode ?? 0, data, close: () => asked.destroy() })
    })
    asked.once('error', reject)
    asked.end()
  })
}
