import { hash } from 'node:crypto'
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
 */
export class VerifiedTokenCache {
  readonly #limits: VerifiedTokenCacheLimits
  /** In the order of their last use. */
  readonly #entries = new Map<string, { readonly verified: VerifiedToken; readonly bytes: number }>()
  #bytes = 0
  #keys: object | null = null

  constructor(limits: VerifiedTokenCacheLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#entries.size
  }

  /** @param keys the keys that verify tokens now: what other keys verified is forgotten */
  get(token: string, keys: object): VerifiedToken | null {
    this.#forgetUnless(keys)
    const key = keyOf(token)
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.verified
  }

  /** @param keys the keys that verified the token: when others have replaced them meanwhile, nothing is remembered */
  set(token: string, keys: object, verified: VerifiedToken): void {
    if (keys !== this.#keys) return
    const key = keyOf(token)
    this.#drop(key)
    this.#entries.set(key, { verified, bytes: token.length })
    this.#bytes += token.length
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.maxTokens && this.#bytes <= this.#limits.maxBytes) return
      this.#drop(oldest)
    }
  }

  delete(token: string): void {
    this.#drop(keyOf(token))
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }

  #forgetUnless(keys: object): void {
    if (this.#keys === keys) return
    this.#keys = keys
    this.#entries.clear()
    this.#bytes = 0
  }
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64')
}
