import { describe, expect, it } from 'vitest'
import { maxRetryAfterMs, readRefusal } from './problem.ts'

describe('the pause that a refusal asks for', () => {
  it.each([
    [null, 0],
    ['2', 2_000],
    ['300', maxRetryAfterMs],
    ['301', maxRetryAfterMs],
    ['1e12', maxRetryAfterMs],
    ['Infinity', maxRetryAfterMs],
    ['-5', 0],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 0],
  ])('is bounded for Retry-After: %s', (retryAfter, expected) => {
    expect(readRefusal({ status: 503, text: '', retryAfter }).retryAfterMs).toBe(expected)
  })
})
