import type { VerificationKey } from './has-signed.ts'
import type { KeySet } from './key-set.ts'

/** Source of the keys that verify tokens. Keys stay in use until others replace them, however long that takes. */
export interface KeySource {
  /** Gets the first keys. Each implementation says when it rejects. */
  start(): Promise<void>
  /** Ends timers and fetches in progress. Idempotent. */
  stop(): Promise<void>
  /** Null until the first keys have arrived. */
  current(): KeySet | null
  /** Returns the keys that can have signed a token with this header. Bounded in time, never rejects. */
  lookup(header: KeyHeader): Promise<KeyLookup>
}

export interface KeyHeader {
  readonly alg: string
  readonly kid: string | undefined
}

export type KeyLookup =
  /** @property candidates at least one, of `keys` */
  | { readonly kind: 'found'; readonly keys: KeySet; readonly candidates: readonly VerificationKey[] }
  /** The issuer has no such key: no trusted issuer signed the token. */
  | { readonly kind: 'unknown' }
  /** The keys cannot be fetched now, so the answer is not known. */
  | { readonly kind: 'unavailable' }

/** Looks the header up in the present keys. */
export function findIn(keys: KeySet | null, { alg, kid }: KeyHeader): (KeyLookup & { readonly kind: 'found' }) | null {
  const candidates = keys?.candidates(alg, kid) ?? []
  return keys === null || candidates.length === 0 ? null : { kind: 'found', keys, candidates }
}
