import type { IncomingHttpHeaders } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { distinctHeaders } from './distinct-headers.ts'

/** Headers as node:http has them: it joins most headers, and keeps the first content type. */
function asParsed(rawHeaders: readonly string[]): IncomingHttpHeaders {
  const headers: Record<string, string> = {}
  rawHeaders.forEach((name, index) => {
    const [key, value = ''] = [name.toLowerCase(), rawHeaders[index + 1]]
    if (index % 2 === 0)
      headers[key] = headers[key] === undefined ? value : key === 'content-type' ? headers[key] : `${headers[key]}, ${value}`
  })
  return headers
}

const distinct = (rawHeaders: readonly string[]) => distinctHeaders({ headers: asParsed(rawHeaders), rawHeaders })

describe('the headers of a request', () => {
  it('are lists where an attribute or the content type was sent more than once, in any case', () => {
    const headers = distinct([
      'ce-id',
      '1',
      'CE-ID',
      '2',
      'Ce-Id',
      '1, 2',
      'Content-Type',
      'text/plain',
      'content-type',
      'text/plain',
      'Prefer',
      'a',
      'prefer',
      'b',
      'Cookie',
      'c',
      'cookie',
      'd',
    ])
    expect(headers).toEqual({ 'ce-id': ['1', '2', '1, 2'], 'content-type': ['text/plain', 'text/plain'], prefer: 'a, b', cookie: 'c, d' })
  })

  it('are those of node:http when none of these was repeated', () => {
    const headers = asParsed(['ce-id', '1', 'ce-type', '2', 'Content-Type', 'text/plain', 'X', 'ce-id'])
    expect(distinctHeaders({ headers, rawHeaders: ['ce-id', '1', 'ce-type', '2', 'Content-Type', 'text/plain', 'X', 'ce-id'] })).toBe(
      headers,
    )
  })

  it('lose no value of an attribute', () => {
    const header = fc.tuple(
      fc.constantFrom('ce-a', 'CE-A', 'ce-b', 'ce-constructor', 'ce-__proto__', 'Content-Type', 'cookie'),
      fc.stringMatching(/^[a-z, ]{0,5}$/),
    )
    fc.assert(
      fc.property(fc.array(header), (given) => {
        const headers = distinct(given.flat())
        const expected = Map.groupBy(
          given.filter(([name]) => name !== 'cookie'),
          ([name]) => name.toLowerCase(),
        )
        expect([...expected].map(([name]) => [headers[name]].flat())).toEqual([...expected].map(([, all]) => all.map(([, value]) => value)))
      }),
    )
  })

  it('are searched in a time that grows with their number', () => {
    const many = Array.from({ length: 200_000 }, (_, index) => [`ce-${index % 1000}`, 'x']).flat()
    expect(Object.values(distinctHeaders({ headers: {}, rawHeaders: many })).map((values) => values?.length)).toEqual(
      Array.from({ length: 1000 }, () => 200),
    )
  })
})
