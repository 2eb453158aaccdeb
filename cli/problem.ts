import { isRecord } from '../program/is-record.ts'

/** A refusal of the gateway (RFC 9457), or the answer of another server in its place. */
export interface Refusal {
  readonly status: number
  /** Name of the problem behind `urn:carillon:problem:`; null: the answer is not from a Carillon gateway. */
  readonly problem: string | null
  /** Sentence for people: the problem and its remedy. */
  readonly detail: string
  /** Pause that the answer asks for, at most `maxRetryAfterMs`. */
  readonly retryAfterMs: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | null
}

export function readRefusal({ status, text, retryAfter }: Answer): Refusal {
  const body = parseObject(text)
  const problem = /^urn:carillon:problem:([a-z-]+)$/.exec(String(body['type']))?.[1] ?? null
  const detail =
    typeof body['detail'] === 'string'
      ? body['detail']
      : 'The answer is not from a Carillon gateway. Check the address, and the proxy in front of it.'
  return { status, problem, detail, retryAfterMs: pauseOf(retryAfter), body }
}

/** A gateway asks for less. An answer of another server must not stop a command for hours. */
export const maxRetryAfterMs = 300_000

/** Returns the pause in milliseconds. A date in place of seconds (RFC 9110, section 10.2.3) counts as no pause. */
function pauseOf(retryAfter: string | null): number {
  return Math.min(Math.max(1000 * (Number(retryAfter) || 0), 0), maxRetryAfterMs)
}

/** Returns a line for people. The detail lists what is wrong with an event. */
export function describeRefusal({ status, problem, detail }: Refusal): string {
  return `${status}${problem === null ? '' : ` ${problem}`}. ${detail}`
}

/** Returns an entry of `errors` or `problems` as text. */
export function describeError(error: unknown): string {
  if (!isRecord(error)) return String(error)
  return [error['attribute'], error['detail']].filter((part) => typeof part === 'string').join(': ') || JSON.stringify(error)
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(text)
    return isRecord(body) ? body : {}
  } catch {
    // A page of a proxy, or an empty body.
    return {}
  }
}
