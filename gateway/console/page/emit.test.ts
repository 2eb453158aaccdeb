import { afterEach, describe, expect, it, vi } from 'vitest'
import { renderProblem } from '../../request/problem.ts'
import type { EmitRequest } from './emit-request.ts'
import { emitEvent, readAnswer } from './emit.ts'

const timing = { tookMs: 4, retryAfter: null }
const request: EmitRequest = { id: '1', endpoint: 'events', headers: { 'content-type': 'application/cloudevents+json' }, body: '{}' }

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('readAnswer', () => {
  it('reads a 202', () => {
    expect(readAnswer(202, '{"id":"1","source":"urn:x"}', timing)).toEqual({ kind: 'accepted', id: '1', source: 'urn:x', tookMs: 4 })
  })

  it('reads a problem of the gateway, with its errors and its pause', () => {
    const { status, body, headers } = renderProblem({
      type: 'too-many-requests',
      detail: 'Slow down.',
      retryAfterMs: 1500,
      members: { errors: [{ index: 0, detail: 'no type' }, 7] },
    })
    expect(readAnswer(status, body.toString(), { tookMs: 1, retryAfter: headers['retry-after'] ?? null })).toEqual({
      kind: 'refused',
      status: 429,
      title: 'Too many requests',
      detail: 'Slow down.',
      errors: ['no type', '7'],
      retryAfterS: 2,
    })
  })

  it('reads what a proxy says as well as it can', () => {
    expect(readAnswer(502, '<h1>Bad gateway</h1>', { tookMs: 1, retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' })).toEqual({
      kind: 'refused',
      status: 502,
      title: 'The response is not from the gateway',
      detail: '<h1>Bad gateway</h1>',
      errors: [],
      retryAfterS: null,
    })
    expect(readAnswer(500, '', timing)).toMatchObject({ kind: 'refused', detail: '' })
    expect(readAnswer(500, 'null', timing)).toMatchObject({ kind: 'refused', detail: 'null' })
  })
})

describe('emitEvent', () => {
  it('sends the token when there is one, and leaves it to the cookie otherwise', async () => {
    const fetch = vi.fn(async (_url: string, _init: RequestInit) => new Response('{"id":"1","source":"urn:x"}', { status: 202 }))
    vi.stubGlobal('fetch', fetch)
    await emitEvent(request, { api: '/api/c/v1', token: 'a.b.c' })
    await emitEvent(request, { api: '/api/c/v1', token: null })
    expect(fetch.mock.calls.map(([url, init]) => [url, Object.fromEntries(new Headers(init.headers)), init.body])).toEqual([
      ['/api/c/v1/events', { 'content-type': 'application/cloudevents+json', authorization: 'Bearer a.b.c' }, '{}'],
      ['/api/c/v1/events', { 'content-type': 'application/cloudevents+json' }, '{}'],
    ])
  })

  it('reports a gateway that does not answer', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    expect(await emitEvent(request, { api: '/api/c/v1', token: null })).toEqual({
      kind: 'unreachable',
      detail: 'The gateway did not answer (Failed to fetch). Is it running?',
    })
  })
})
