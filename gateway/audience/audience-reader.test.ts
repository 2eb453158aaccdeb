import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audience as anAudience } from '../testing/arbitraries.ts'
import { createAudienceReader, maxCachedLength, parseAudienceText } from './audience-reader.ts'
import { formatAudience } from './parse-audience.ts'

const limits = { maxAudienceNames: 20 }

describe('createAudienceReader', () => {
  it('gives the same object for the same text', () => {
    const read = createAudienceReader(limits)
    expect(read('{"users":["ann"]}')).toBe(read('{"users":["ann"]}'))
  })

  it('remembers refusals, too', () => {
    const read = createAudienceReader(limits)
    expect(read('{"roles":["admin"]}')).toBe(read('{"roles":["admin"]}'))
    expect(read('{"roles":["admin"]}')).toMatchObject({ ok: false })
  })

  it('forgets what was not asked for while twice its size went by', () => {
    const read = createAudienceReader({ ...limits, cacheSize: 2 })
    const first = read('{"users":["ann"]}')
    for (const user of [1, 2, 3, 4]) read(`{"users":["${user}"]}`)
    expect(read('{"users":["ann"]}')).toEqual(first)
    expect(read('{"users":["ann"]}')).not.toBe(first)
  })

  it('keeps what is asked for now and then', () => {
    const read = createAudienceReader({ ...limits, cacheSize: 2 })
    const first = read('{"users":["ann"]}')
    const again = [1, 2, 3, 4, 5, 6].map((user) => {
      read(`{"users":["${user}"]}`)
      return read('{"users":["ann"]}')
    })
    expect(again.every((result) => result === first)).toBe(true)
  })

  it('remembers a text of the longest length, and parses a text of one more each time', () => {
    const read = createAudienceReader(limits)
    const ofLength = (length: number): string => `{"users":["ann"]}`.padEnd(length)
    expect(read(ofLength(maxCachedLength))).toMatchObject({ ok: true, value: { users: ['ann'] } })
    expect(read(ofLength(maxCachedLength))).toBe(read(ofLength(maxCachedLength)))
    expect(read(ofLength(maxCachedLength + 1))).toMatchObject({ ok: true, value: { users: ['ann'] } })
    expect(read(ofLength(maxCachedLength + 1))).not.toBe(read(ofLength(maxCachedLength + 1)))
  })

  it('reads every text as a reader without a cache does', () => {
    const read = createAudienceReader({ ...limits, cacheSize: 3 })
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anAudience.map(formatAudience), fc.constantFrom('', '{', '[]', 'null', '{"users":[""]}')), { maxLength: 20 }),
        (texts) => {
          for (const text of texts) expect(read(text)).toEqual(parseAudienceText(text, limits))
        },
      ),
    )
  })
})

describe('parseAudienceText', () => {
  it.each(['', '{', 'users', '{"users":["secret"', "{'users':['secret']}", '{"users":["secret"],}'])(
    'refuses %j without repeating it',
    (text) => {
      const result = parseAudienceText(text, limits)
      expect(result).toMatchObject({ ok: false, error: expect.stringContaining('must be a JSON object') })
      expect(JSON.stringify(result)).not.toContain('secret')
    },
  )

  it.each(['[]', 'null', '1', '"ann"', 'true'])('refuses %s: JSON, but no object', (text) => {
    expect(parseAudienceText(text, limits)).toMatchObject({ ok: false, error: expect.stringContaining('must be an object') })
  })

  it('refuses deep nesting like any other wrong type', () => {
    expect(parseAudienceText(`{"users":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, limits)).toMatchObject({
      ok: false,
      error: expect.stringContaining('users must hold only strings'),
    })
  })
})
