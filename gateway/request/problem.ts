/**
 * Every HTTP error of the gateway, as problem details (RFC 9457, `application/problem+json`). The table renders docs/reference/problems.md.
 */
export const problems = {
  'bad-request': { status: 400, title: 'The request is not one that this endpoint understands' },
  'not-json': { status: 400, title: 'The body is not JSON' },
  'json-too-deep': { status: 400, title: 'The JSON of the body is nested too deep' },
  'invalid-event': { status: 400, title: 'The event breaks a rule' },
  'invalid-batch': { status: 400, title: 'Some events of the batch break a rule; none was accepted' },
  'bad-subprotocol': { status: 400, title: 'None of the offered subprotocols is spoken here' },
  'bad-cursor': { status: 400, title: 'The cursor is not one of this channel' },
  'bad-filters': { status: 400, title: 'The filters break a rule or a limit' },
  unauthenticated: { status: 401, title: 'No token that can be believed' },
  revoked: { status: 401, title: 'The token was revoked' },
  'origin-forbidden': { status: 403, title: 'Pages of this origin may not use this gateway' },
  forbidden: { status: 403, title: 'The token does not allow this' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'unknown-session': { status: 404, title: 'This gateway has no such session' },
  'unknown-command': { status: 404, title: 'The gateway knows no such command' },
  'unknown-channel': { status: 404, title: 'This gateway serves another channel' },
  'method-not-allowed': { status: 405, title: 'This endpoint does not take that method' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'id-reused': { status: 409, title: 'The sender has given this id to another event' },
  'body-too-large': { status: 413, title: 'The body is larger than the limit' },
  'event-too-large': { status: 413, title: 'The event is larger than the limit' },
  'batch-too-large': { status: 413, title: 'The batch has more events than the limit' },
  'unsupported-media-type': { status: 415, title: 'The content type is none that this endpoint takes' },
  'unsupported-content-encoding': { status: 415, title: 'The body is encoded, and this endpoint takes it as it is' },
  'expectation-failed': { status: 417, title: 'The expectation of the request cannot be met' },
  'upgrade-required': { status: 426, title: 'This endpoint speaks WebSocket' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'too-many-filters': { status: 429, title: 'This user has as many distinct filters as one user may have' },
  'too-many-connections': { status: 429, title: 'This user has as many connections as one user may have' },
  'internal-error': { status: 500, title: 'Something broke in the gateway' },
  'refused-by-log': { status: 502, title: 'The log refused the event' },
  'too-many-revocations': { status: 507, title: 'The channel has as many revocations as it may have' },
  overloaded: { status: 503, title: 'This gateway has as much to do as it may have' },
  'not-acknowledged': { status: 503, title: 'The log did not acknowledge the event in time' },
  'keys-unavailable': { status: 503, title: 'The keys that verify tokens cannot be fetched just now' },
  'not-ready': { status: 503, title: 'This gateway is not ready' },
  draining: { status: 503, title: 'This gateway is stopping' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>

export type ProblemType = keyof typeof problems

export interface Problem {
  readonly type: ProblemType
  /** The problem, the expected form, the remedy. Never a token or payload. */
  readonly detail: string
  /** Time for `Retry-After`, which is rounded up to seconds. */
  readonly retryAfterMs?: number
  /** More members of the problem object, such as the errors of each event of a batch. */
  readonly members?: Readonly<Record<string, unknown>>
}

export interface ProblemResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** The rendered responses of problems that never change. */
const rendered = new WeakMap<Problem, ProblemResponse>()

/** Marks a frequent problem that never changes. Its response is rendered once, and all connections share the bytes. */
export function fixedProblem(problem: Problem): Problem {
  const fixed = Object.freeze(problem)
  rendered.set(fixed, render(fixed))
  return fixed
}

/** Renders the whole HTTP response. */
export function renderProblem(problem: Problem): ProblemResponse {
  return rendered.get(problem) ?? render(problem)
}

function render(problem: Problem): ProblemResponse {
  const { status, title } = problems[problem.type]
  const body = { type: `urn:carillon:problem:${problem.type}`, title, status, detail: problem.detail, ...problem.members }
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  if (problem.retryAfterMs !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(problem.retryAfterMs / 1000)))
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (problem.type === 'unsupported-content-encoding') headers['accept-encoding'] = 'identity' // RFC 9110, section 12.5.3
  return { status, headers, body: Buffer.from(JSON.stringify(body)) }
}

/** Returns the response with the id of its request in `instance` (RFC 9457, section 3.1.5). The log line of the request has the same id. */
export function withRequestId({ body, ...response }: ProblemResponse, requestId: string): ProblemResponse {
  return { ...response, body: Buffer.concat([body.subarray(0, -1), Buffer.from(`,"instance":"urn:carillon:request:${requestId}"}`)]) }
}
