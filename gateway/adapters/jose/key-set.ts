import { KeyObject } from 'node:crypto'
import { importJWK, type JWK } from 'jose'
import { isRecord } from '../../../program/is-record.ts'
import { algorithms as known, synonyms } from './algorithms.ts'
import { bindKey, type VerificationKey } from './has-signed.ts'

/**
 * Public keys that are trusted at one time. Another set is another object, so that the tokens that a set verified can be forgotten with it.
 */
export interface KeySet {
  readonly size: number
  /**
   * Returns the keys that can have signed a token with this `alg` and `kid`. A key without an id fits any token. A token without a key id
   * is tried on all keys.
   */
  candidates(alg: string, kid: string | undefined): readonly VerificationKey[]
}

export interface MadeKeySet {
  readonly keys: KeySet
  /** Reasons why members are unusable. A set may well hold keys for encryption or for other algorithms. */
  readonly ignored: readonly string[]
}

/** Limit on the keys of a set. A set that rotates has two or three. The limit bounds the cost of a token without a key id. */
export const maxKeys = 64

interface UsableKey {
  readonly kid: string | undefined
  readonly key: VerificationKey
}

/**
 * Makes a key set of JSON Web Keys (RFC 7517). Every key is imported now, once per algorithm that it may be used with. An invalid key is
 * therefore found when it is published, not when a user signs in. A key is never used with another key's algorithm.
 */
export async function makeKeySet(jwks: readonly unknown[], algorithms: readonly string[]): Promise<MadeKeySet> {
  const usable: UsableKey[] = []
  const ignored: string[] = jwks.length > maxKeys ? [`keys ${maxKeys + 1} to ${jwks.length}: more than ${maxKeys} keys`] : []
  let size = 0
  for (const [index, jwk] of jwks.slice(0, maxKeys).entries()) {
    const outcome = await importForAll(jwk, algorithms)
    if (typeof outcome === 'string') ignored.push(`key ${index + 1}: ${outcome}`)
    else {
      size += 1
      usable.push(...outcome)
    }
  }
  const candidates = (alg: string, kid: string | undefined): readonly VerificationKey[] =>
    usable.filter((each) => each.key.alg === alg && (kid === undefined || each.kid === undefined || each.kid === kid)).map(({ key }) => key)
  return { keys: { size, candidates }, ignored }
}

async function importForAll(jwk: unknown, algorithms: readonly string[]): Promise<readonly UsableKey[] | string> {
  if (!isRecord(jwk)) return 'not an object'
  const unfit = whyUnfit(jwk)
  if (unfit !== null) return unfit
  const suited = algorithms.filter((alg) => suits(jwk, alg))
  if (suited.length === 0) return 'of no algorithm that is allowed (JWT_ALGORITHMS)'
  const kid = typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined
  try {
    const keys = await Promise.all(suited.map(async (alg) => ({ kid, key: await importPublicKey(jwk, alg) })))
    return keys.some(({ key }) => isShort(key)) ? 'an RSA key of less than 2048 bits' : keys
  } catch {
    // Any fault of a published key's members arrives here: missing, of the wrong type, off the curve. The error's text could quote the key.
    return 'damaged'
  }
}

function whyUnfit(jwk: Readonly<Record<string, unknown>>): string | null {
  if (jwk['kty'] === 'oct') return 'symmetric; a holder that can verify with it can sign with it'
  if ('d' in jwk) return 'private; publish the public key only'
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return 'not for signatures (`use`)'
  const operations = jwk['key_ops']
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return 'not for verifying (`key_ops`)'
  return null
}

function suits(jwk: Readonly<Record<string, unknown>>, alg: string): boolean {
  const required = known.get(alg)
  if (required === undefined || jwk['kty'] !== required.kty) return false
  if (required.crv !== undefined && jwk['crv'] !== required.crv) return false
  return jwk['alg'] === undefined || jwk['alg'] === alg || (synonyms.has(alg) && synonyms.has(jwk['alg']))
}

async function importPublicKey(jwk: Readonly<Record<string, unknown>>, alg: string): Promise<VerificationKey> {
  const algorithm = known.get(alg)
  // A JWK is a record of unknowns until it is imported. importJWK checks every member that it reads.
  const key = await importJWK(jwk as unknown as JWK, alg)
  if (key instanceof Uint8Array || algorithm === undefined) throw new TypeError('a symmetric key')
  return bindKey(KeyObject.from(key), alg, algorithm)
}

function isShort({ input }: VerificationKey): boolean {
  return (input.key.asymmetricKeyDetails?.modulusLength ?? Infinity) < 2048
}
