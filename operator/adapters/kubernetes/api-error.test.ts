import { describe, expect, it } from 'vitest'
import { apiErrorOf } from './api-error.ts'

const status = (code: number, reason: string, message: string, details: object = {}): { readonly code: number; readonly body: string } => ({
  code,
  body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, details, code }),
})

describe('mapping the response of an API server', () => {
  // Responses of Kubernetes 1.34.
  it.each([
    ['not-found', status(404, 'NotFound', 'configmaps "x" not found', { name: 'x', kind: 'configmaps' })],
    ['no-such-resource', status(404, 'NotFound', 'the server could not find the requested resource')],
    ['no-such-resource', { code: 404, body: '404 page not found\n' }],
    ['already-exists', status(409, 'AlreadyExists', 'configmaps "x" already exists', { name: 'x' })],
    ['conflict', status(409, 'Conflict', 'Operation cannot be fulfilled on configmaps "x": the object has been modified')],
    ['invalid', status(422, 'Invalid', 'ConfigMap "x" is invalid: data: Too long')],
    ['invalid', status(400, 'BadRequest', 'strict decoding error: unknown field "spec.nonsense"')],
    [
      'invalid',
      status(500, '', 'failed to create typed patch object (default/x; /v1, Kind=ConfigMap): .nonsense: field not declared in schema'),
    ],
    ['invalid', status(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728')],
    ['forbidden', status(403, 'Forbidden', 'configmaps is forbidden: User "x" cannot list resource "configmaps"')],
    ['forbidden', status(403, 'Forbidden', 'pods "x" is forbidden: exceeded quota: small')],
    ['forbidden', status(400, '', 'admission webhook "images.example" denied the request: no such registry')],
    [
      'forbidden',
      status(
        422,
        'Invalid',
        `deployments.apps "x" is forbidden: ValidatingAdmissionPolicy 'replicas' with binding 'all' denied request: too many`,
      ),
    ],
    ['unauthorized', status(401, 'Unauthorized', 'Unauthorized')],
    ['gone', status(410, 'Expired', 'The provided continue parameter is too old')],
    ['gone', status(410, 'Gone', 'too old resource version: 1 (200)')],
    ['overloaded', status(429, 'TooManyRequests', 'too many requests')],
    [
      'unavailable',
      status(500, 'InternalError', 'Internal error occurred: failed calling webhook "images.example": connect: connection refused'),
    ],
    ['unavailable', status(504, 'Timeout', 'Timeout: Too large resource version: 9000, current: 12')],
    ['unavailable', { code: 503, body: '<html>no backend</html>' }],
    ['unavailable', { code: 502, body: '' }],
    ['unavailable', { code: 302, body: '' }],
  ] as const)('%s (%j)', (kind, answer) => {
    expect(apiErrorOf(answer)).toMatchObject({ kind, code: answer.code })
  })

  it('keeps the message of the server, or of a proxy in between', () => {
    expect(apiErrorOf(status(403, 'Forbidden', 'pods "x" is forbidden')).message).toBe('pods "x" is forbidden')
    expect(apiErrorOf({ code: 503, body: '  upstream connect error\n' }).message).toBe('upstream connect error')
    expect(apiErrorOf({ code: 502, body: '' }).message).toBe('HTTP status 502')
    expect(apiErrorOf({ code: 500, body: '{"kind":"Status"}' }).message).toBe('HTTP status 500')
  })

  it('removes the object that a message quotes, and cuts long messages', () => {
    const quoted = JSON.stringify(JSON.stringify({ data: { password: 'x'.repeat(400) } }))
    const reported = apiErrorOf(
      status(422, 'Invalid', ` "" is invalid: patch: Invalid value: ${quoted}: strict decoding error: unknown field "nonsense"`),
    )
    expect(reported.message).toBe(' "" is invalid: patch: Invalid value: "...": strict decoding error: unknown field "nonsense"')
    expect(apiErrorOf(status(400, '', 'x'.repeat(10_000))).message).toHaveLength(2_000)
  })

  it('takes the retry time from the header or the status, and limits it to five minutes', () => {
    expect(apiErrorOf({ ...status(429, 'TooManyRequests', ''), retryAfter: '2' }).retryAfterMs).toBe(2_000)
    expect(apiErrorOf(status(429, 'TooManyRequests', '', { retryAfterSeconds: 3 })).retryAfterMs).toBe(3_000)
    expect(apiErrorOf({ ...status(503, '', ''), retryAfter: '86400' }).retryAfterMs).toBe(300_000)
    expect(apiErrorOf({ ...status(429, '', ''), retryAfter: 'Thu, 26 Nov 2026 03:00:00 GMT' })).not.toHaveProperty('retryAfterMs')
  })
})
