import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { VerifiedToken } from './authenticator.ts'

export interface VerifiedTokenCacheLimits {
  /** Most tokens that are remembered. */
  readonly maxTokens: number
  /** Most bytes that these tokens may have had together; what is remembered of a token is smaller than the token was. */
  readonly maxBytes: number
}

/**
 * Remembers tokens that were verified, because clients come back with the token they had: after a roll-out all of them at once.
 * The key is a SHA-256 hash, so that a dump of the memory shows no token that could be used. The least recently used go first. Whatever
 * else a token must satisfy at each use (its time above all) is for the caller to ask again.
 *
 * The naive way, a Map whose entries are taken out and put back in the order of their use, fails when one is used often, as is the token of a
 * service that emits: V8 keeps what was taken out in the chain of its bucket, and walks over thousands of them (bench/hot-token.ts).
 */
export class VerifiedTokenCache {
  readonly #entries: LRUCache<string, VerifiedToken>
  #keys: object | null = null

  constructor({ maxTokens, maxBytes }: VerifiedTokenCacheLimits) {
    this.#entries = new LRUCache({ max: maxTokens, maxSize: maxBytes })
  }

  get size(): number {
    return this.#entries.size
  }

  /** @param keys the keys that verify tokens now: what other keys verified is forgotten */
  get(token: string, keys: object): VerifiedToken | null {
    this.#forgetUnless(keys)
    return this.#entries.get(keyOf(token)) ?? null
  }

  /** @param keys the keys that verified the token: when others have replaced them meanwhile, nothing is remembered */
  set(token: string, keys: object, verified: VerifiedToken): void {
    if (keys === this.#keys) this.#entries.set(keyOf(token), verified, { size: token.length })
  }

  delete(token: string): void {
    this.#entries.delete(keyOf(token))
  }

  #forgetUnless(keys: object): void {
    if (this.#keys === keys) return
    this.#keys = keys
    this.#entries.clear()
  }
}

const keyOf = (token: string): string => hash('sha256', token, 'base64')
