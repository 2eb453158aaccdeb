import type { ApiError } from '../../runtime/kubernetes-api.ts'

/** A response that is not a success. */
export interface RefusedAnswer {
  readonly code: number
  /** Body of the response, as text. */
  readonly body: string
  /** Seconds, from the header. */
  readonly retryAfter?: string | undefined
}

/** A Status: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
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

/** Maps a response that is not a success to one of the closed kinds. */
export function apiErrorOf(answer: RefusedAnswer): ApiError {
  const status = parseStatus(answer.body)
  // A proxy in between responds in plain text, and so does the server with its own 404 for an unknown path.
  const text = answer.body.trim().slice(0, 200)
  return errorOf(status ?? { kind: 'Status', message: text === '' ? `HTTP status ${answer.code}` : text }, answer.code, answer.retryAfter)
}

/** Maps the `Status` in an ERROR event of a watch in the same way. */
export function apiErrorOfStatus(status: StatusObject): ApiError {
  return errorOf(status, status.code ?? 500, undefined)
}

/** The error of a call without a response. The message names the failure of the connection. */
export function unavailable(message: string, code = 0): ApiError {
  return { kind: 'unavailable', message, code }
}

export function parseStatus(text: string): StatusObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isStatus(value) ? value : null
  } catch {
    return null // not JSON: the response is not from the API
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
  // A webhook or policy may refuse with any code (policies: 422). The text comes from the API server.
  if (code < 500 && isDenial(status.message ?? '')) return 'forbidden'
  // The API server reports an apply with an unknown field, or with a field of another type, as its own fault.
  if (code === 500 && (status.message ?? '').startsWith('failed to create typed patch object')) return 'invalid'
  switch (code) {
    case 401:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      // Only a 404 for an object has a name. A 404 for an unknown type has none.
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

/** Shortens quoted values. A message about a value quotes it, possibly the whole object. Short values explain the error. */
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
