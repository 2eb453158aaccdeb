import { describe, expect, it } from 'vitest'
import type { VerifiedToken } from './authenticator.ts'
import { type Trust, VerifiedTokenCache } from './verified-token-cache.ts'

const trust: Trust = { keys: {}, secrets: {} }
const verified = (userId: string): VerifiedToken => ({
  principal: {
    userId,
    username: null,
    organizationId: null,
    accountNumber: null,
    roles: [],
    expiresAtMs: null,
    issuedAtMs: null,
    tokenId: null,
  },
  scopes: [],
})

function cacheWith(
  tokens: readonly string[],
  limits: Partial<ConstructorParameters<typeof VerifiedTokenCache>[0]> = {},
): VerifiedTokenCache {
  const cache = new VerifiedTokenCache({ maxTokens: 3, maxBytes: 1_000, ...limits })
  for (const token of tokens) {
    cache.get(token, trust)
    cache.set(token, trust, verified(token))
  }
  return cache
}

const held = (cache: VerifiedTokenCache, tokens: readonly string[]) => tokens.filter((token) => cache.get(token, trust) !== null)

describe('VerifiedTokenCache', () => {
  it('remembers what it was given, and nothing else', () => {
    const cache = cacheWith(['a', 'b'])
    expect([cache.get('a', trust), cache.get('b', trust), cache.get('c', trust)]).toEqual([verified('a'), verified('b'), null])
  })

  it('forgets the least recently used beyond its number', () => {
    const cache = cacheWith(['a', 'b', 'c'])
    cache.get('a', trust)
    cache.set('d', trust, verified('d'))
    expect([held(cache, ['a', 'b', 'c', 'd']), cache.size]).toEqual([['a', 'c', 'd'], 3])
  })

  it('forgets the least recently used beyond its bytes, and does not hold a token larger than all of them', () => {
    const cache = cacheWith(['aaaa', 'bbbb', 'cc'], { maxBytes: 9 })
    expect(held(cache, ['aaaa', 'bbbb', 'cc'])).toEqual(['bbbb', 'cc'])
    cache.set('x'.repeat(10), trust, verified('x'))
    expect(held(cache, ['bbbb', 'cc', 'x'.repeat(10)])).toEqual(['bbbb', 'cc'])
  })

  it('counts a token once that is given twice', () => {
    const cache = cacheWith(['aaaa', 'aaaa', 'aaaa', 'bbbb'], { maxBytes: 8 })
    expect(held(cache, ['aaaa', 'bbbb'])).toEqual(['aaaa', 'bbbb'])
  })

  it('gives the bytes of a deleted token back', () => {
    const cache = cacheWith(['aaaa', 'bbbb'], { maxBytes: 8 })
    cache.delete('aaaa')
    cache.delete('aaaa')
    cache.set('cccc', trust, verified('c'))
    expect(held(cache, ['aaaa', 'bbbb', 'cccc'])).toEqual(['bbbb', 'cccc'])
  })

  it.each(['keys', 'secrets'])('forgets everything when other %s come', (name) => {
    const cache = cacheWith(['a'])
    expect([cache.get('a', { ...trust }), cache.size]).toEqual([verified('a'), 1])
    expect([cache.get('a', { ...trust, [name]: {} }), cache.get('a', trust), cache.size]).toEqual([null, null, 0])
  })

  it('does not cache a token whose keys were replaced during its verification', () => {
    const cache = cacheWith(['a'])
    const replaced = { ...trust, keys: {} }
    cache.set('b', replaced, verified('b'))
    expect([held(cache, ['a', 'b']), cache.get('b', replaced)]).toEqual([['a'], null])
  })
})
