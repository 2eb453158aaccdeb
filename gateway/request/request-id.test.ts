import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderProblem, withRequestId } from './problem.ts'
import { requestIdOf } from './request-id.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('the id of a request', () => {
  it.each([
    'a',
    'R-1',
    '0af7651916cd43dd8448eb211c80319c',
    '8f14e45f-ceea-467f-a8e0-1f5b6f0a9c1d',
    'Root=1-67891233-abcdef012345678912345678',
    'x'.repeat(128),
  ])('is %s when the caller says so', (given) => {
    expect(requestIdOf({ 'x-request-id': given, traceparent })).toBe(given)
  })

  it.each(['', ' ', 'a b', 'a, b', 'a\nb', '\u001b[31m', '"', 'ü', '-a', 'x'.repeat(129), '{}'])(
    'is the trace id when X-Request-Id is %j, which is not an id',
    (given) => {
      expect(requestIdOf({ 'x-request-id': given, traceparent })).toBe('0af7651916cd43dd8448eb211c80319c')
    },
  )

  it.each([undefined, '', '00-00000000000000000000000000000000-b7ad6b7169203331-01', `${traceparent}-more`])(
    'is a new one beside the traceparent %j',
    (given) => {
      const [first, second] = [requestIdOf({ traceparent: given }), requestIdOf({ traceparent: given })]
      expect([first, second]).toEqual([expect.stringMatching(uuid), expect.stringMatching(uuid)])
      expect(first).not.toBe(second)
    },
  )

  it('has at most 128 characters, none of them a control character, for any header', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        (given) => void expect(requestIdOf({ 'x-request-id': given })).toMatch(/^[\w.~:@=+-]{1,128}$/),
      ),
    )
  })
})

describe('a problem with a request id', () => {
  it('names it in `instance`, behind all that it had', () => {
    const problem = renderProblem({ type: 'invalid-event', detail: 'A "detail".', members: { errors: [{ attribute: 'id', detail: 'x' }] } })
    expect(JSON.parse(String(withRequestId(problem, 'R-1').body))).toEqual({
      ...JSON.parse(String(problem.body)),
      instance: 'urn:carillon:request:R-1',
    })
    expect(String(problem.body)).not.toContain('instance')
  })
})
