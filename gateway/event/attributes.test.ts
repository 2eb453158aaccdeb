import { describe, expect, it } from 'vitest'
import { dataShape, checkAttribute, missingAttribute } from './attributes.ts'

/** Per attribute, what CloudEvents section 3.1 allows and what it does not. */
const examples: Readonly<Record<string, { readonly right: readonly unknown[]; readonly wrong: readonly unknown[] }>> = {
  id: {
    right: ['1', 'a b', 'ünï', '+%-_', 'x'.repeat(1024)],
    wrong: ['', 'x'.repeat(1025), 1, true, null, [], {}, 'a\u0000', 'a\u009f', '\ud800', 'x\udc00', '\ufffe', '\u{1ffff}', '\ufdd0'],
  },
  source: {
    right: [
      'urn:redhat:source:notifications:drawer',
      'https://example.com/a?b=c#d',
      '/relative/source',
      'relative',
      '../up',
      '?q',
      '#f',
      'urn:ü',
    ],
    wrong: ['', 'a b', 'a\nb', '<a>', '"a"', 'a|b', '`', '{a}', 'a\\b', '^', 7],
  },
  type: {
    right: ['com.redhat.console.notifications.drawer', 't', 'dev.carillon', 'dev.carillonneur.rang'],
    wrong: ['', 7, 'a\tb', 'dev.carillon.gap', 'dev.carillon.not-yet-known'],
  },
  subject: { right: ['a subject', 'ü'], wrong: ['', 1] },
  time: {
    right: [
      '2026-01-31T12:00:00Z',
      '2026-01-31t12:00:00z',
      '2026-01-31T12:00:00.123456789Z',
      '2026-01-31T12:00:00+02:00',
      '2026-01-31T12:00:00-08:30',
      '2024-02-29T00:00:00Z',
      '2016-12-31T23:59:60Z',
    ],
    wrong: [
      '',
      'yesterday',
      '2026-01-31',
      '2026-01-31T12:00Z',
      '2026-01-31T12:00:00',
      '2026-13-01T12:00:00Z',
      '2026-00-01T12:00:00Z',
      '2026-02-29T12:00:00Z',
      '2026-04-31T12:00:00Z',
      '2026-01-00T12:00:00Z',
      '2026-01-31T24:00:00Z',
      '2026-01-31T12:60:00Z',
      '2026-01-31T12:00:61Z',
      '2026-01-31T12:00:00+24:00',
      '2026-01-31T12:00:00+02:60',
      '2026-01-31T12:00:00.Z',
      ' 2026-01-31T12:00:00Z',
      1_769_860_800_000,
    ],
  },
  datacontenttype: {
    right: [
      'application/json',
      'application/json; charset=utf-8',
      'application/json;charset="utf-8";x=y',
      'application/vnd.a.b+json',
      'text/plain ;format=flowed',
    ],
    wrong: ['', 'json', 'application/', '/json', 'application/json charset', 'a/b/c', 'text / plain', 7],
  },
  dataschema: { right: ['https://example.com/schema', 'urn:schema:1'], wrong: ['', '/relative', 'schema', 'https://example.com/a b', 7] },
  traceparent: { right: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'], wrong: [['a'], {}] },
  anextension1: {
    right: ['', 'text', true, false, 0, -2_147_483_648, 2_147_483_647],
    wrong: [2_147_483_648, -2_147_483_649, 0.5, Number.NaN, Infinity, [], {}, 'a\nb', '\ud800'],
  },
}

describe.each(Object.entries(examples))('the attribute %s', (name, { right, wrong }) => {
  it.each(right)('may be %j', (value) => expect(checkAttribute(name, value)).toBe(null))
  it.each(wrong)('may not be %j, and the error names the rule', (value) => expect(checkAttribute(name, value)).toMatch(/^be an? \w/))
})

describe('the name of an attribute', () => {
  it.each(['a', '0', 'x'.repeat(64), 'constructor', 'valueof'])('may be %.20s', (name) => expect(checkAttribute(name, 'x')).toBe(null))
  it.each(['', 'Ab', 'a_b', 'a-b', 'a.b', 'ü', ' a', '__proto__', 'hasOwnProperty', 'x'.repeat(65)])('may not be %.20j', (name) =>
    expect(checkAttribute(name, 'x')).toMatch(/have a name/),
  )
})

describe('missingAttribute', () => {
  it('names the first that is absent or null', () => {
    const all = { id: '', source: '', type: '' }
    expect([all, { ...all, id: undefined }, { ...all, source: null }, { id: '', source: '' }, {}].map(missingAttribute)).toEqual([
      null,
      'id',
      'source',
      'type',
      'id',
    ])
  })
})

describe('dataShape', () => {
  it('is that of JSON without a content type, as in the JSON format', () => expect(dataShape(null)).toBe('json'))

  it.each([
    ['json', ['application/json', 'Application/Json ; charset=UTF-8', 'text/json', 'a/b+json']],
    ['text', ['text/plain', 'TEXT/csv;x=json', 'application/xml', 'image/svg+xml']],
    ['binary', ['application/octet-stream', 'image/png', 'application/jsonp', 'application/json-seq', 'x']],
  ])('is %s for %j', (shape, types) => {
    expect(types.map(dataShape)).toEqual(types.map(() => shape))
  })
})
