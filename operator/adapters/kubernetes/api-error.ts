import type { ApiError } from '../../runtime/kubernetes-api.ts'

/** An answer that is not a success. */
export interface RefusedAnswer {
  readonly code: number
  /** What the server sent, as text. */
  readonly body: string
  /** Seconds, as in the header. */
  readonly retryAfter?: string | undefined
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface StatusObject {
  readonly kind: 'Status'
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly name?: string; readonly retryAfterSeconds?: number }
}

const maxMessageCharacters = 2_000
const maxQuotedCharacters = 300
const maxRetryAfterMs = 300_000

/** Gives an answer that is not a success one of the closed kinds. */
export function apiErrorOf(answer: RefusedAnswer): ApiError {
  const status = parseStatus(answer.body)
  // A proxy in between, or the server's own 404 for a path that it does not know, answer in plain text.
  const text = answer.body.trim().slice(0, 200)
  return errorOf(status ?? { kind: 'Status', message: text === '' ? `HTTP status ${answer.code}` : text }, answer.code, answer.retryAfter)
}

/** The same for the `Status` in an ERROR event of a watch. */
export function apiErrorOfStatus(status: StatusObject): ApiError {
  return errorOf(status, status.code ?? 500, undefined)
}

/** No answer: what happened to the connection is in the message. */
export function unavailable(message: string, code = 0): ApiError {
  return { kind: 'unavailable', message, code }
}

export function parseStatus(text: string): StatusObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isStatus(value) ? value : null
  } catch {
    return null // no JSON: not the API server, or not its API
  }
}

export function isStatus(value: unknown): value is StatusObject {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status'
}

function errorOf(status: StatusObject, code: number, retryAfter: string | undefined): ApiError {
  const message = withoutContent(status.message ?? status.reason ?? `HTTP status ${code}`).slice(0, maxMessageCharacters)
  const retryAfterMs = retryAfterMsOf(status, retryAfter)
  const error = { kind: kindOf(status, code), message, code }
  return retryAfterMs === null ? error : { ...error, retryAfterMs }
}

function kindOf(status: StatusObject, code: number): ApiError['kind'] {
  // A webhook or policy may refuse with any code it likes (policies: 422). The words are the API server's own.
  if (code < 500 && isDenial(status.message ?? '')) return 'forbidden'
  // An apply with a field that the type does not have, or of another kind, is answered as if the server were at fault.
  if (code === 500 && (status.message ?? '').startsWith('failed to create typed patch object')) return 'invalid'
  switch (code) {
    case 401:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      // Only the end of an object has a name: a type that the server does not know has none.
      return status.reason === 'NotFound' && (status.details?.name ?? '') !== '' ? 'not-found' : 'no-such-resource'
    case 409:
      return status.reason === 'AlreadyExists' ? 'already-exists' : 'conflict'
    case 410:
      return 'gone'
    case 429:
      return 'overloaded'
    default:
      return code >= 400 && code < 500 ? 'invalid' : 'unavailable'
  }
}

/** A message about a value quotes it, and that may be the whole object. Short ones say what is wrong. */
function withoutContent(message: string): string {
  return message.replaceAll(/"(?:[^"\\]|\\.)*"/g, (quoted) => (quoted.length > maxQuotedCharacters ? '"..."' : quoted))
}

function isDenial(message: string): boolean {
  return /admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*' .*denied request/.test(message)
}

function retryAfterMsOf(status: StatusObject, header: string | undefined): number | null {
  const seconds = Number(header ?? status.details?.retryAfterSeconds ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1_000, maxRetryAfterMs) : null
}
