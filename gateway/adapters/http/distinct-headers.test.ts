import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { distinctHeaders } from './distinct-headers.ts'

describe('the headers of a request', () => {
  it('are texts, or lists where they were sent more than once, in whichever case', () => {
    const headers = distinctHeaders(['ce-id', '1', 'CE-ID', '2', 'Ce-Id', '1, 2', 'Content-Type', 'text/plain', '__proto__', 'x'])
    expect(Object.entries(headers)).toEqual([['ce-id', ['1', '2', '1, 2']], ['content-type', 'text/plain'], ['__proto__', 'x']])
  })

  it('are all there, with every value, in order', () => {
    const header = fc.tuple(fc.constantFrom('ce-a', 'CE-A', 'ce-b', 'host', 'constructor', '__proto__'), fc.string())
    fc.assert(
      fc.property(fc.array(header), (given) => {
        const headers = distinctHeaders(given.flat())
        const expected = Map.groupBy(given, ([name]) => name.toLowerCase())
        expect(new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat()]))).toEqual(new Map([...expected].map(([name, all]) => [name, all.map(([, value]) => value)])))
      }),
    )
  })
})
