import type { CryptoKey } from 'jose'
import type { KeySet } from './key-set.ts'

/** Where the keys come from that verify tokens. Keys that were had once are kept until others replace them, however long that takes. */
export interface KeySource {
  /** Gets the keys for the first time. See the maker for when it rejects. */
  start(): Promise<void>
  /** Ends timers and what is under way. Idempotent. */
  stop(): Promise<void>
  /** Null until there were keys for the first time. */
  current(): KeySet | null
  /** The keys that can have signed a token with this header; bounded in time, never rejects. */
  lookup(header: KeyHeader): Promise<KeyLookup>
}

export interface KeyHeader {
  readonly alg: string
  readonly kid: string | undefined
}

export type KeyLookup =
  /** @property candidates at least one, of `keys` */
  | { readonly kind: 'found'; readonly keys: KeySet; readonly candidates: readonly CryptoKey[] }
  /** The issuer has no such key: nobody who is believed has signed this. */
  | { readonly kind: 'unknown' }
  /** Whether there is such a key cannot be found out just now. */
  | { readonly kind: 'unavailable' }

/** Looks the header up in the keys that are there. */
export function findIn(keys: KeySet | null, { alg, kid }: KeyHeader): (KeyLookup & { readonly kind: 'found' }) | null {
  const candidates = keys?.candidates(alg, kid) ?? []
  return keys === null || candidates.length === 0 ? null : { kind: 'found', keys, candidates }
}
