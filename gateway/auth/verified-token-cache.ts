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
  #trust: Trust | null = null

  constructor({ maxTokens, maxBytes }: VerifiedTokenCacheLimits) {
    this.#entries = new LRUCache({ max: maxTokens, maxSize: maxBytes })
  }

  get size(): number {
    return this.#entries.size
  }

  /** Returns a cached token; null: not in the cache. @param trust what verifies tokens now; tokens verified by anything else are forgotten */
  get(token: string, trust: Trust): VerifiedToken | null {
    this.#forgetUnless(trust)
    return this.#entries.get(keyOf(token)) ?? null
  }

  /** Caches a token. @param trust what verified the token; if anything else has replaced it since, nothing is cached */
  set(token: string, trust: Trust, verified: VerifiedToken): void {
    if (isSame(trust, this.#trust)) this.#entries.set(keyOf(token), verified, { size: token.length })
  }

  delete(token: string): void {
    this.#entries.delete(keyOf(token))
  }

  #forgetUnless(trust: Trust): void {
    if (isSame(trust, this.#trust)) return
    this.#trust = trust
    this.#entries.clear()
  }
}

/** What tokens are verified with. Others are another object. */
export interface Trust {
  readonly keys: object
  /** Secrets of tickets; null: there are none. */
  readonly secrets: object | null
}

const isSame = (one: Trust, other: Trust | null): boolean => one.keys === other?.keys && one.secrets === other.secrets

const keyOf = (token: string): string => hash('sha256', token, 'base64')
