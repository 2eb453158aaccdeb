import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxTokenBytes } from './authenticator.ts'
import { findToken, type TokenPlaces } from './find-token.ts'

const find = (places: Partial<TokenPlaces>) => findToken(
  { authorization: null, cookie: null, subprotocols: [], ...places },
  { cookieName: 'cs_jwt' },
)

describe('findToken', () => {
  it('prefers the subprotocol to the header, and the header to the cookie', () => {
    const all = { subprotocols: ['cloudevents.json', 'bearer.a.b.c'], authorization: 'Bearer d.e.f', cookie: 'cs_jwt=g.h.i' }
    expect(find(all)).toEqual({ kind: 'found', token: 'a.b.c' })
    expect(find({ ...all, subprotocols: ['cloudevents.json'] })).toEqual({ kind: 'found', token: 'd.e.f' })
    expect(find({ cookie: all.cookie })).toEqual({ kind: 'found', token: 'g.h.i' })
  })

  it('says that there is none when there is none', () => {
    expect(find({})).toEqual({ kind: 'absent' })
    expect(find({ subprotocols: ['cloudevents.json'], authorization: '', cookie: '' })).toEqual({ kind: 'absent' })
  })

  it.each([
    ['an empty subprotocol entry', { subprotocols: ['bearer.'] }, 'no token'],
    ['two subprotocol entries', { subprotocols: ['bearer.a', 'bearer.b'] }, 'More than one'],
    ['a header without its token', { authorization: 'Bearer' }, 'no token'],
    ['a header with blanks for a token', { authorization: 'bearer    ' }, 'no token'],
    ['a header with two tokens', { authorization: 'Bearer a.b.c d.e.f' }, 'characters'],
    ['a header that is not ASCII', { authorization: 'Bearer ü' }, 'characters'],
    ['a cookie with blanks', { cookie: 'cs_jwt=a b' }, 'characters'],
  ])('refuses %s rather than look elsewhere', (_, places, detail) => {
    const found = find({ cookie: 'cs_jwt=good.token.here', ...places })
    expect(found).toEqual({ kind: 'unusable', detail: expect.stringContaining(detail) })
  })

  it('takes the scheme in any case, with several blanks behind it', () => {
    expect(find({ authorization: 'bEARER   a.b.c' })).toMatchObject({ token: 'a.b.c' })
  })

  it.each([
    'Basic dXNlcjpwYXNz',
    'Bearerx a.b.c',
    'Negotiate bearer',
  ])('leaves other schemes alone and goes on to the cookie: %s', (authorization) => {
    expect(find({ authorization, cookie: 'cs_jwt=a.b.c' })).toMatchObject({ token: 'a.b.c' })
  })

  it.each([
    ['among others', 'a=1; cs_jwt=a.b.c; z=2'],
    ['without blanks', 'a=1;cs_jwt=a.b.c;z=2'],
    ['with quotes', 'cs_jwt="a.b.c"'],
    ['beside malformed ones', ';;=;no-equals-sign; =x; "; cs_jwt=a.b.c; \u00ff\u0001'],
    ['after an empty one of the same name', 'cs_jwt=; cs_jwt=a.b.c'],
    ['before another of the same name', 'cs_jwt=a.b.c; cs_jwt=d.e.f'],
    ['beside names that only resemble it', 'CS_JWT=x; cs_jwt2=y; xcs_jwt=z; cs_jwt =a.b.c'],
  ])('reads the cookie %s', (_, cookie) => {
    expect(find({ cookie })).toEqual({ kind: 'found', token: 'a.b.c' })
  })

  it('takes everything behind the first equals sign, and decodes no percent signs', () => {
    expect(find({ cookie: 'cs_jwt=a%2Eb==' })).toMatchObject({ token: 'a%2Eb==' })
  })

  it('treats an emptied cookie as signed out', () => {
    expect(find({ cookie: 'cs_jwt=' })).toEqual({ kind: 'absent' })
    expect(find({ cookie: 'cs_jwt=""' })).toEqual({ kind: 'absent' })
  })

  // The predecessor split the cookie's token at its dots, and the whole process ended when there was none.
  it('finds a cookie without a dot, and leaves the judgement to the authenticator', () => {
    expect(find({ cookie: 'cs_jwt=nodots' })).toEqual({ kind: 'found', token: 'nodots' })
  })

  it('finds a token of the largest size, and refuses one that is a byte larger, wherever it is', () => {
    const largest = 'x'.repeat(maxTokenBytes)
    const places = (token: string): Partial<TokenPlaces>[] => [
      { cookie: `cs_jwt=${token}` },
      { authorization: `Bearer ${token}` },
      { subprotocols: [`bearer.${token}`] },
    ]
    expect(places(largest).map((place) => find(place).kind)).toEqual(['found', 'found', 'found'])
    expect(places(`${largest}x`).map(find)).toEqual(places('').map(() => ({
      kind: 'unusable',
      detail: expect.stringContaining('16384 bytes'),
    })))
  })

  it('finds any token in a cookie header made of any other cookies', () => {
    const token = fc.stringMatching(/^[\w-]{1,20}\.[\w-]{1,20}\.[\w-]{1,20}$/)
    const junk = fc.array(fc.string({ unit: 'binary-ascii' }).filter((text) => !text.includes(';') && !/^\s*cs_jwt\s*=/.test(text)))
    fc.assert(
      fc.property(token, junk, junk, (value, before, after) => {
        expect(find({ cookie: [...before, ` cs_jwt=${value}`, ...after].join(';') })).toEqual({ kind: 'found', token: value })
      }),
    )
  })

  it('never throws and never repeats what was sent', () => {
    const text = fc.string({ unit: 'binary', minLength: 12 })
    fc.assert(
      fc.property(text, (secret) => {
        const found = [
          find({ cookie: `cs_jwt=${secret}` }),
          find({ authorization: `Bearer ${secret}` }),
          find({ subprotocols: [`bearer.${secret}`] }),
        ]
        const details = found.map((each) => (each.kind === 'unusable' ? each.detail : ''))
        expect(details.filter((detail) => detail.includes(secret))).toEqual([])
      }),
    )
  })
})
