import { describe, expect, it } from 'vitest'
import { findEndpoints } from './endpoints.ts'
import { type Filter, withFilters } from './filters.ts'

const filters: readonly Filter[] = [{ exact: { type: 'a&b' } }, { not: { sql: "id LIKE '100%'" } }]

describe('a URL with filters', () => {
  it.each([
    '/wss/orders/v1/ws',
    'wss://push.example.com/wss/orders/v1/ws',
    'wss://push.example.com/wss/orders/v1/ws?tenant=a%26b',
    '/wss/orders/v1/ws?filters=[]&tenant=1&filters=x',
  ])('has the filters once, and what it had before: %s', (url) => {
    const made = new URL(withFilters(url, filters), 'wss://push.example.com')
    const before = new URL(url, 'wss://push.example.com')
    expect(made.searchParams.getAll('filters').map((text) => JSON.parse(text))).toEqual([filters])
    expect([made.origin, made.pathname, made.searchParams.get('tenant')]).toEqual([
      before.origin,
      before.pathname,
      before.searchParams.get('tenant'),
    ])
  })

  it('keeps a fragment at its end', () => {
    expect(withFilters('/ws#part', [])).toBe('/ws?filters=%5B%5D#part')
  })

  it('gives the event stream the same filters', () => {
    const { sse } = findEndpoints({ url: withFilters('wss://push.example.com/wss/orders/v1/ws', filters) })
    expect([sse.pathname, JSON.parse(sse.searchParams.get('filters') ?? '')]).toEqual(['/api/orders/v1/events', filters])
  })
})
