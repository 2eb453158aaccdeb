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
    ['an entry with a blank', 'cloud events', 'no token of HTTP'],
    ['an entry with a quote', '"cloudevents.json"', 'no token of HTTP'],
    ['an entry that is not ASCII', 'bearer.sécret', 'no token of HTTP'],
    ['an entry twice', 'a, b, a', 'twice'],
    ['more entries than anybody needs', Array.from({ length: 33 }, (_, n) => `p${n}`).join(), 'more than 32'],
  ])('refuses %s', (_, header, detail) => {
    expect(parseSubprotocols(header)).toEqual({ ok: false, error: expect.stringContaining(detail) })
  })

  it('takes 32 entries', () => {
    expect(parseSubprotocols(Array.from({ length: 32 }, (_, n) => `p${n}`).join())).toMatchObject({ ok: true })
  })

  it('does not repeat what was sent, for it may be a token', () => {
    expect(JSON.stringify([
      parseSubprotocols('bearer.secret!(, x'),
      parseSubprotocols('bearer.secret,bearer.secret'),
    ])).not.toContain('secret')
  })
})

describe('chooseSubprotocol', () => {
  it('chooses cloudevents.json wherever it stands', () => {
    expect(chooseSubprotocol(['cloudevents.json'])).toEqual({ kind: 'chosen', name: 'cloudevents.json' })
    expect(chooseSubprotocol(['mqtt', 'bearer.a.b.c', 'cloudevents.json'])).toEqual({ kind: 'chosen', name: 'cloudevents.json' })
  })

  it('serves clients that offer nothing, or nothing but their token', () => {
    expect(chooseSubprotocol([])).toEqual({ kind: 'none-offered' })
    expect(chooseSubprotocol(['bearer.a.b.c'])).toEqual({ kind: 'none-offered' })
  })

  it('refuses others, also those that only look like it', () => {
    for (const name of ['mqtt', 'CloudEvents.json', 'cloudevents.avro', 'Bearer.a.b.c']) {
      expect(chooseSubprotocol([name])).toEqual({ kind: 'unknown', detail: expect.stringContaining('offer cloudevents.json') })
    }
  })
})
