import type { CloudEvent } from '../types.ts'

export interface FrameRequest {
  readonly url: URL
  readonly id: string
  readonly text: string
  readonly token: string | null | undefined
  readonly fetch: typeof globalThis.fetch
}

type Answer = Pick<CloudEvent, 'type' | 'data'> & CloudEvent

/**
 * Sends a frame beside an event stream (docs/protocol.md, section 5.1). Never rejects: every other answer is a refusal, and a
 * temporary one unless the gateway calls it final.
 */
export async function postFrame({ url, id, text, token, fetch }: FrameRequest): Promise<Answer> {
  const refuse = (type: string, detail: string, retryAfterMs?: number): Answer =>
    ({ type: 'dev.carillon.nack', data: { id, type, detail, retryAfterMs } }) as Answer // the parts that are read
  try {
    const response = await fetch(url.href.replace(/^ws/, 'http'), {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json', ...(token && { authorization: `Bearer ${token}` }) },
      credentials: 'include',
      cache: 'no-store',
      body: text,
    })
    const isOfGateway = /^application\/(cloudevents|problem)\+json/.test(response.headers.get('content-type') ?? '')
    if (!isOfGateway) return refuse('urn:carillon:client:no-answer', `HTTP ${response.status}`, 0)
    const body = await response.json()
    if (response.ok) return body
    const isFinal = response.status < 500 && ![401, 404, 408, 429].includes(response.status)
    const pauseMs = 1000 * Number(response.headers.get('retry-after')) || 0
    return refuse(String(body.type), String(body.detail), isFinal ? undefined : pauseMs)
  } catch (error) {
    return refuse('urn:carillon:client:no-answer', String(error), 0)
  }
}
