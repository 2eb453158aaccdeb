import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxTokenBytes } from './authenticator.ts'
import { findToken, type TokenPlaces } from './find-token.ts'

const find = (places: Partial<TokenPlaces>) =>
  findToken({ authorization: null, cookie: null, subprotocols: [], ...places }, { cookieName: 'cs_jwt' })

describe('findToken', () => {
  it('prefers the subprotocol to the header, and the header to the cookie', () => {
    const all = { subprotocols: ['cloudevents.json', 'bearer.a.b.c'], authorization: 'Bearer d.e.f', cookie: 'cs_jwt=g.h.i' }
    expect(find(all)).toEqual({ kind: 'found', token: 'a.b.c' })
    expect(find({ ...all, subprotocols: ['cloudevents.json'] })).toEqual({ kind: 'found', token: 'd.e.f' })
    expect(find({ cookie: all.cookie })).toEqual({ kind: 'found', token: 'g.h.i' })
  })

  it('returns `absent` when no place has a token', () => {
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

  it.each(['Basic dXNlcjpwYXNz', 'Bearerx a.b.c', 'Negotiate bearer'])(
    'leaves other schemes alone and goes on to the cookie: %s',
    (authorization) => {
      expect(find({ authorization, cookie: 'cs_jwt=a.b.c' })).toMatchObject({ token: 'a.b.c' })
    },
  )

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

  it.each([
    ['in order', 'cs_jwt.0=aaa.; cs_jwt.1=bbb.; cs_jwt.2=ccc'],
    ['out of order, among others', 'x=1; cs_jwt.2=ccc; cs_jwt.0=aaa.; y.0=2; cs_jwt.1="bbb."'],
    ['beside a cookie of the name that was emptied', 'cs_jwt=; cs_jwt.0=aaa.; cs_jwt.1=bbb.; cs_jwt.2=ccc'],
    ['with an emptied piece of a longer token', 'cs_jwt.0=aaa.bbb.; cs_jwt.1=ccc; cs_jwt.2='],
  ])('joins a token that comes in pieces %s', (_, cookie) => {
    expect(find({ cookie })).toEqual({ kind: 'found', token: 'aaa.bbb.ccc' })
  })

  it('prefers a whole cookie to pieces', () => {
    expect(find({ cookie: 'cs_jwt.0=x; cs_jwt=a.b.c; cs_jwt.1=y' })).toEqual({ kind: 'found', token: 'a.b.c' })
  })

  it('joins any token that was cut into at most 16 pieces', () => {
    const cut = fc.array(fc.stringMatching(/^[\w.-]{1,40}$/), { minLength: 1, maxLength: 16 })
    fc.assert(
      fc.property(cut, fc.infiniteStream(fc.nat()), (pieces, keys) => {
        const cookies = pieces.map((piece, number) => `cs_jwt.${number}=${piece}`).toSorted(() => ((keys.next().value ?? 0) % 3) - 1)
        expect(find({ cookie: cookies.join('; ') })).toEqual({ kind: 'found', token: pieces.join('') })
      }),
    )
  })

  it('refuses a token of which a piece is missing, and names it', () => {
    expect(find({ cookie: 'cs_jwt.0=a; cs_jwt.2=c' })).toEqual({ kind: 'unusable', detail: expect.stringMatching(/number 1 is missing/) })
    expect(find({ cookie: 'cs_jwt.1=b' })).toEqual({ kind: 'unusable', detail: expect.stringMatching(/number 0 is missing/) })
  })

  it('takes 16 pieces of a token, and refuses 17', () => {
    const cookie = (count: number): string => Array.from({ length: count }, (_, number) => `cs_jwt.${number}=x`).join('; ')
    expect(find({ cookie: cookie(16) })).toEqual({ kind: 'found', token: 'x'.repeat(16) })
    expect(find({ cookie: cookie(17) })).toEqual({ kind: 'unusable', detail: expect.stringContaining('more than 16 cookies') })
    expect(find({ cookie: 'cs_jwt.999=x' })).toEqual({ kind: 'unusable', detail: expect.stringContaining('more than 16 cookies') })
  })

  it('takes pieces that make the largest token, and refuses one byte more', () => {
    const half = 'x'.repeat(maxTokenBytes / 2)
    expect(find({ cookie: `cs_jwt.0=${half}; cs_jwt.1=${half}` })).toMatchObject({ kind: 'found' })
    expect(find({ cookie: `cs_jwt.0=${half}; cs_jwt.1=${half}x` })).toEqual({
      kind: 'unusable',
      detail: expect.stringContaining('16384 bytes'),
    })
  })

  // Programs that keep `Bearer ` with the token send the word twice.
  it.each<[string, Partial<TokenPlaces>]>([
    ['header', { authorization: 'Bearer Bearer a.b.c' }],
    ['header, in another case', { authorization: 'bearer bearer  a.b.c' }],
    ['header, encoded', { authorization: 'Bearer Bearer%20a.b.c' }],
    ['cookie', { cookie: 'cs_jwt=Bearer a.b.c' }],
    ['cookie, encoded', { cookie: 'cs_jwt=Bearer%20a.b.c' }],
    ['cookie, as a form encodes it', { cookie: 'cs_jwt="Bearer+a.b.c"' }],
    ['pieces of a cookie', { cookie: 'cs_jwt.0=Bearer%20a.b.; cs_jwt.1=c' }],
    ['subprotocol entry', { subprotocols: ['cloudevents.json', 'bearer.Bearer%20a.b.c'] }],
  ])('names the word `Bearer ` in front of a token as the mistake: %s', (_, places) => {
    expect(find(places)).toEqual({ kind: 'unusable', detail: expect.stringContaining('begins with `Bearer `') })
  })

  it('leaves tokens alone that only begin like the word', () => {
    expect(['bearer', 'bearer.x.y', 'Bearerx.y.z'].map((token) => find({ cookie: `cs_jwt=${token}` }).kind)).toEqual([
      'found',
      'found',
      'found',
    ])
  })

  // The predecessor split the cookie's token at its dots, and the whole process ended when there was none.
  it('finds a cookie without a dot, which the authenticator then verifies', () => {
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
    expect(places(`${largest}x`).map(find)).toEqual(
      places('').map(() => ({
        kind: 'unusable',
        detail: expect.stringContaining('16384 bytes'),
      })),
    )
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
