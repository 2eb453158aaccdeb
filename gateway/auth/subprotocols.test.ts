import { describe, expect, it } from 'vitest'
import { chooseSubprotocol, parseSubprotocols } from './subprotocols.ts'

describe('parseSubprotocols', () => {
  it.each([
    [null, []],
    [undefined, []],
    ['', []],
    ['cloudevents.json', ['cloudevents.json']],
    ['cloudevents.json, bearer.a-b_c.d.e', ['cloudevents.json', 'bearer.a-b_c.d.e']],
    [' a ,\tb,,c, ', ['a', 'b', 'c']],
  ])('reads %j', (header, names) => {
    expect(parseSubprotocols(header)).toEqual({ ok: true, value: names })
  })

  it.each([
    ['an entry with a blank', 'cloud events', 'invalid subprotocol name'],
    ['an entry with a quote', '"cloudevents.json"', 'invalid subprotocol name'],
    ['an entry that is not ASCII', 'bearer.sécret', 'invalid subprotocol name'],
    ['an entry twice', 'a, b, a', 'twice'],
    ['more entries than the limit', Array.from({ length: 33 }, (_, n) => `p${n}`).join(), 'more than 32'],
  ])('refuses %s', (_, header, detail) => {
    expect(parseSubprotocols(header)).toEqual({ ok: false, error: expect.stringContaining(detail) })
  })

  it('names the word `Bearer ` in front of a token as the mistake, and not the token', () => {
    const parsed = parseSubprotocols('cloudevents.json, bearer.Bearer secret')
    expect(parsed).toEqual({ ok: false, error: expect.stringContaining('begins with `Bearer `') })
    expect(JSON.stringify(parsed)).not.toContain('secret')
  })

  it('takes 32 entries', () => {
    expect(parseSubprotocols(Array.from({ length: 32 }, (_, n) => `p${n}`).join())).toMatchObject({ ok: true })
  })

  it('does not repeat what was sent, for it may be a token', () => {
    expect(JSON.stringify([parseSubprotocols('bearer.secret!(, x'), parseSubprotocols('bearer.secret,bearer.secret')])).not.toContain(
      'secret',
    )
  })
})

describe('chooseSubprotocol', () => {
  it('chooses cloudevents.json at any place of the list', () => {
    expect(chooseSubprotocol(['cloudevents.json'])).toEqual({ kind: 'chosen', name: 'cloudevents.json' })
    expect(chooseSubprotocol(['mqtt', 'bearer.a.b.c', 'cloudevents.json'])).toEqual({ kind: 'chosen', name: 'cloudevents.json' })
  })

  it('serves clients that offer nothing', () => {
    expect(chooseSubprotocol([])).toEqual({ kind: 'none-offered' })
  })

  // There is nothing to answer with, and a browser drops a connection whose server chose none of what it offered.
  it('refuses a token without a subprotocol beside it, and says what to offer', () => {
    for (const offered of [['bearer.a.b.c'], ['bearer.a', 'bearer.b'], ['bearer.']]) {
      expect(chooseSubprotocol(offered)).toEqual({ kind: 'unknown', detail: expect.stringContaining('Offer cloudevents.json, too') })
    }
  })

  it('refuses unknown subprotocols beside a token', () => {
    expect(chooseSubprotocol(['graphql-ws', 'bearer.a.b.c'])).toEqual({
      kind: 'unknown',
      detail: expect.stringContaining('none of the offered'),
    })
  })

  it('refuses others, also those that only look like it', () => {
    for (const name of ['mqtt', 'CloudEvents.json', 'cloudevents.avro', 'Bearer.a.b.c']) {
      expect(chooseSubprotocol([name])).toEqual({ kind: 'unknown', detail: expect.stringContaining('Offer cloudevents.json') })
    }
  })
})
