import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlainTarget, checkHost, readRequestTarget, renderOriginForm } from './request-target.ts'

describe('a request target', () => {
  it.each([
    ['/a/b', { path: '/a/b', query: '', authority: null }],
    ['/a?x=%2D&y=?', { path: '/a', query: 'x=%2D&y=?', authority: null }],
    ['/%61%2D%2d%5f%7E', { path: '/a--_~', query: '', authority: null }],
    ['/a%2Fb%3Fc%25%C3%A9', { path: '/a%2Fb%3Fc%25%C3%A9', query: '', authority: null }],
    ['/a#b?c', { path: '/a', query: '', authority: null }],
    ['/a?b#c', { path: '/a', query: 'b', authority: null }],
    ['http://host:8000/a?b', { path: '/a', query: 'b', authority: 'host:8000' }],
    ['WSS://host', { path: '/', query: '', authority: 'host' }],
    ['http://host?b', { path: '/', query: 'b', authority: 'host' }],
    ['*', { path: '*', query: '', authority: null }],
    ['/http://x/', { path: '/http://x/', query: '', authority: null }],
  ])('%s is read', (target, expected) => {
    expect(readRequestTarget(target)).toEqual({ ok: true, value: expected })
  })

  it.each(['/%', '/%2', '/%zz', '/%ff', '/%C3', 'http://host/%', 'nothing', '', '?a'])('%j is refused', (target) => {
    expect(readRequestTarget(target)).toMatchObject({ ok: false, error: { type: 'bad-request' } })
  })

  it('is read to a form that reads as itself, and never throws', () => {
    const piece = fc.constantFrom('/', '%', '%2', '%41', '%2d', '%2F', '?', '#', 'a', 'http://', 'é', '*', '%C3%A9', '=', ':')
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          const read = readRequestTarget(text)
          if (!read.ok) return
          expect(readRequestTarget(renderOriginForm(read.value))).toEqual({ ok: true, value: { ...read.value, authority: null } })
        },
      ),
    )
  })

  it('that is called plain stays as it is', () => {
    const piece = fc.constantFrom('/', '%2d', '?', '#', 'a', '&', '=')
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => `/${pieces.join('')}`),
        (text) => {
          fc.pre(isPlainTarget(text))
          const read = readRequestTarget(text)
          expect(read.ok && renderOriginForm(read.value)).toBe(text)
        },
      ),
    )
  })
})

describe('the Host of a request', () => {
  const check = (rawHeaders: readonly string[], httpVersion = '1.1') => checkHost({ httpVersion, rawHeaders })?.detail ?? null

  it.each(['x', 'x:8000', '[::1]:80', 'a_b.example', '', '%C3%A9.example'])('may be %j', (host) => {
    expect(check(['Accept', '*/*', 'HOST', host])).toBeNull()
  })

  it.each(['a b', 'a/b', 'a@b', 'http://a', 'é', 'a"'])('may not be %j', (host) => {
    expect(check(['Host', host])).toContain('not a host name')
  })

  it('is sent once, in HTTP/1.1', () => {
    expect(check(['Host', 'a', 'host', 'a'])).toContain('more than one Host')
    expect([check([]), check(['X-Host', 'a'])]).toEqual([expect.stringContaining('missing'), expect.stringContaining('missing')])
    expect([check([], '1.0'), check(['Host', 'a', 'Host', 'b'], '1.0')]).toEqual([null, expect.stringContaining('more than one')])
  })
})
