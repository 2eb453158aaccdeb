import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { VerifiedToken } from './authenticator.ts'

export interface VerifiedTokenCacheLimits {
  /** Most tokens in the cache. */
  readonly maxTokens: number
  /** Most bytes of these tokens together. The cached part of a token is smaller than the token. */
  readonly maxBytes: number
}

/**
 * Caches verified tokens, because clients reconnect with the token that they had: after a roll-out all of them at once. The key is a SHA-256
 * hash, so a memory dump shows no usable token. The least recently used go first. The caller checks the other conditions of a token, above all
 * its time, at each use.
 *
 * The naive way is a Map whose entries are taken out and put back in the order of their use. It fails for one that is used often, such as the
 * token of a service that emits. V8 keeps removed entries in the chain of their bucket, and walks over thousands of them (bench/hot-token.ts).
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

  /** Returns a cached token; null: not in the cache. @param keys the keys that verify tokens now; tokens verified by others are forgotten */
  get(token: string, keys: object): VerifiedToken | null {
    this.#forgetUnless(keys)
    return this.#entries.get(keyOf(token)) ?? null
  }

  /** Caches a token. @param keys the keys that verified the token; if others have replaced them since, nothing is cached */
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
