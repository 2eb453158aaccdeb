import type { EmitRequest } from './emit-request.ts'

/** The gateway's response to one message. */
export type EmitOutcome =
  | { readonly kind: 'accepted'; readonly id: string; readonly source: string; readonly tookMs: number }
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly title: string
      readonly detail: string
      readonly errors: readonly string[]
      readonly retryAfterS: number | null
    }
  | { readonly kind: 'unreachable'; readonly detail: string }

/** The answer to an event that a connection sent. */
export type SendOutcome =
  | { readonly kind: 'acknowledged'; readonly id: string; readonly tookMs: number }
  /** `problem`: the last part of its URN. */
  | { readonly kind: 'rejected'; readonly problem: string; readonly detail: string }

export interface EmitTarget {
  /** The path of the channel's API. */
  readonly api: string
  /** The token; null: the cookie identifies the emitter. */
  readonly token: string | null
}

/** Posts an event (docs/protocol.md, section 7). Never rejects. */
export async function emitEvent(request: EmitRequest, target: EmitTarget): Promise<EmitOutcome> {
  const startMs = performance.now()
  try {
    const response = await fetch(`${target.api}/${request.endpoint}`, {
      method: 'POST',
      headers: { ...request.headers, ...(target.token === null ? {} : { authorization: `Bearer ${target.token}` }) },
      body: request.body,
    })
    return readAnswer(response.status, await response.text(), {
      tookMs: performance.now() - startMs,
      retryAfter: response.headers.get('retry-after'),
    })
  } catch (error) {
    return {
      kind: 'unreachable',
      detail: `The gateway did not answer (${error instanceof Error ? error.message : String(error)}). Is it running?`,
    }
  }
}

/** Reads a response, which a proxy may have made. */
export function readAnswer(
  status: number,
  body: string,
  timing: { readonly tookMs: number; readonly retryAfter: string | null },
): EmitOutcome {
  const answer = parse(body)
  const text = (name: string, otherwise: string): string => (typeof answer[name] === 'string' ? answer[name] : otherwise)
  if (status === 202) return { kind: 'accepted', id: text('id', ''), source: text('source', ''), tookMs: timing.tookMs }
  const retryAfterS = timing.retryAfter === null ? Number.NaN : Number(timing.retryAfter)
  return {
    kind: 'refused',
    status,
    title: text('title', 'The response is not from the gateway'),
    detail: text('detail', body.slice(0, 200)),
    errors: Array.isArray(answer['errors']) ? answer['errors'].map((error) => String(Object(error).detail ?? JSON.stringify(error))) : [],
    retryAfterS: Number.isNaN(retryAfterS) ? null : retryAfterS,
  }
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(body))
  } catch {
    // The body is a proxy's page, or empty.
    return {}
  }
}
