import { describe, expect, it } from 'vitest'
import { isAsShown } from './match-output.ts'

describe('the output that a page shows', () => {
  it('is compared letter by letter', () => {
    expect(isAsShown(['rtc/news (created) [1]'], 'rtc/news (created) [1]\n')).toBe(true)
    expect(isAsShown(['rtc/news created'], 'rtc/new2 created\n')).toBe(false)
    expect(isAsShown(['a.b'], 'axb')).toBe(false)
  })

  it('may leave out a part of a line, and lines', () => {
    expect(isAsShown(['news-...   1/1   ...'], 'news-6fd8-x2   1/1   Running   0   8s')).toBe(true)
    expect(isAsShown(['one', '...', 'four'], 'one\ntwo\nthree\nfour\n')).toBe(true)
    expect(isAsShown(['one', '...', 'four'], 'one\nfour\n')).toBe(true)
    expect(isAsShown(['one', '...', 'four'], 'one\ntwo\nfive\n')).toBe(false)
  })

  it('is complete, from the first line to the last', () => {
    expect(isAsShown(['one'], 'one\ntwo\n')).toBe(false)
    expect(isAsShown(['two'], 'one\ntwo\n')).toBe(false)
    expect(isAsShown(['one', 'two'], 'one\n')).toBe(false)
  })

  it('does not depend on the width of columns', () => {
    expect(isAsShown(['NAME   READY', 'news   True'], 'NAME             READY\nnews             True \n')).toBe(true)
  })
})

it("leaves out kubectl's messages about its own connections", () => {
  expect(
    isAsShown(['sessions 1'], 'E1126 12:47:22.629675   29580 websocket.go:296] Unknown stream id 1, discarding message\nsessions 1\n'),
  ).toBe(true)
  expect(isAsShown(['sessions 1'], 'Error from server: no\nsessions 1\n')).toBe(false)
})
