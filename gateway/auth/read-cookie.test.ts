import { describe, expect, it } from 'vitest'
import { readCookie, readCookiePieces } from './read-cookie.ts'

describe('readCookie', () => {
  it.each([
    ['', []],
    ['a', []],
    ['=a', []],
    ['a=', ['']],
    ['a=1', ['1']],
    ['b=0; a=1; a=2;a=3', ['1', '2', '3']],
    ['a="1"', ['1']],
    ['a="', ['"']],
    ['a=""', ['']],
    ['a="1', ['"1']],
    ['a=1"2"', ['1"2"']],
    ['a=1=2', ['1=2']],
    [' a = 1 ', ['1']],
    ['A=1; aa=2', []],
    [';;;a=%20;', ['%20']],
  ])('reads the cookies a from %j', (header, values) => {
    expect(readCookie(header, 'a')).toEqual(values)
  })
})

describe('readCookiePieces', () => {
  it.each<[string, readonly (readonly [number, string])[]]>([
    ['', []],
    ['a=1', []],
    [
      'a.0=x; a.1=y',
      [
        [0, 'x'],
        [1, 'y'],
      ],
    ],
    [
      'a.1=y;b=0; a.0 = "x" ',
      [
        [1, 'y'],
        [0, 'x'],
      ],
    ],
    ['a.0=x; a.0=z', [[0, 'x']]],
    ['a.0=; a.1=""; a.0=z', [[0, 'z']]],
    ['a.00=x; a.01=y; a.-1=z; a.1e1=w; a.1000=v; a.=u; a.x=t', []],
    ['aa.0=x; A.0=y; ba.0=z; b; a.0; .0=w', []],
    ['a.0=x=y', [[0, 'x=y']]],
    ['a.999=x', [[999, 'x']]],
  ])('reads the pieces of a from %j', (header, pieces) => {
    expect([...readCookiePieces(header, 'a')]).toEqual(pieces)
  })

  it('compares the name letter by letter, with characters that mean something in a pattern', () => {
    expect([...readCookiePieces('a+b.0=x; aab.0=y', 'a+b')]).toEqual([[0, 'x']])
  })
})
