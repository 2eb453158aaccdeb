import { describe, expect, it } from 'vitest'
import { readCookie } from './read-cookie.ts'

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
