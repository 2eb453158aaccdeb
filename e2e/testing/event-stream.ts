import { request } from 'node:https'
import { createSseParser } from '../../client/sse-parser.ts'
import { connectionTo } from '../platform/ingress-request.ts'
import type { Stage } from './stage.ts'

export interface EventStream {
  readonly status: number
  /** The `data` of what has come, in order. */
  readonly data: readonly string[]
  close(): void
}

/** Server-Sent Events through the ingress, as `curl` would read them. Resolves when the answer begins. */
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
      // It ends when it is closed from here.
      response.on('error', () => {})
      resolve({ status: response.statusCode ?? 0, data, close: () => asked.destroy() })
    })
    asked.once('error', reject)
    asked.end()
  })
}
