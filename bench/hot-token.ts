import { VerifiedTokenCache } from '../gateway/auth/verified-token-cache.ts'
import type { Bench } from './lib/bench.ts'
import { comparisonRow } from './lib/bench.ts'
import { nowMs } from './lib/clock.ts'
import { medianOf } from './lib/percentiles.ts'

const tokens = 10_000

/** The oldest cache that forgets the least recently used entry: each use takes the entry out and puts it behind all others. */
function mapInOrderOfUse(names: readonly string[]): (name: string) => unknown {
  const entries = new Map(names.map((name) => [name, {}]))
  return (name) => {
    const entry = entries.get(name)
    if (entry === undefined) return null
    entries.delete(name)
    entries.set(name, entry)
    return entry
  }
}

function cacheOf(names: readonly string[]): (name: string) => unknown {
  const trust = { keys: {}, secrets: null }
  const cache = new VerifiedTokenCache({ maxTokens: 16_384, maxBytes: 2 ** 30 })
  cache.get('', trust)
  for (const userId of names)
    cache.set(userId, trust, {
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
  return (name) => cache.get(name, trust)
}

export const bench: Bench = {
  title: 'The token of a service that emits, found again among those of 10,000 clients',
  run: async ({ isQuick, say }) => {
    const uses = isQuick ? 20_000 : 100_000
    const rounds = isQuick ? 3 : 9
    // The usual length of tokens.
    const names = Array.from({ length: tokens }, (_, index) => `${index}.`.padEnd(700, 'x'))
    const hot = names[0] ?? ''
    const ways = { ours: cacheOf(names), other: mapInOrderOfUse(names) }
    const microsPerUse = (use: (name: string) => unknown): number => {
      const startMs = nowMs()
      for (let count = 0; count < uses; count += 1) use(hot)
      return (1000 * (nowMs() - startMs)) / uses
    }
    const pairs: { readonly ours: number; readonly other: number }[] = []
    for (let round = 1; round <= rounds; round += 1) {
      const pair = { ours: microsPerUse(ways.ours), other: microsPerUse(ways.other) }
      pairs.push(pair)
      say(`round ${round} of ${rounds}: ${pair.ours.toFixed(2)} us, with its hash; a Map in order of use ${pair.other.toFixed(2)} us`)
    }
    return [
      comparisonRow({
        measure: 'A token used again and again, per use (other: a Map in order of use, without a hash)',
        unit: 'us',
        ours: medianOf(pairs.map(({ ours }) => ours)),
        other: medianOf(pairs.map(({ other }) => other)),
        ratio: medianOf(pairs.map(({ ours, other }) => ours / other)),
        maxRatio: 0.25,
      }),
    ]
  },
}
