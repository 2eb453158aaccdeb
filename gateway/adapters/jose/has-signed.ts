import { hash as digest, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto'
import type { Algorithm } from './algorithms.ts'

/** A public key that is bound to one algorithm, so that it is never used with another one. */
export interface VerificationKey {
  /** A hash of the key. */
  readonly id: string
  readonly alg: string
  /** Null: the algorithm hashes by itself. */
  readonly hash: string | null
  /** The key, with the parameters of the algorithm. */
  readonly input: VerifyKeyObjectInput
}

export function bindKey(key: KeyObject, alg: string, { hash, parameters }: Algorithm): VerificationKey {
  const id = digest('sha256', key.export({ type: 'spki', format: 'der' }), 'base64url')
  return { id, alg, hash, input: { key, ...parameters } }
}

/**
 * Returns true if the key signed the token, three parts of base64url. Takes the time of one verification on the event loop. Web Crypto does it on
 * the thread pool, which costs more processor time than it saves the loop: a job, several promises, and copies of key, text and signature (ADR 0032).
 */
export function hasSigned(token: string, { hash, input }: VerificationKey): boolean {
  const end = token.lastIndexOf('.')
  const signature = decodePart(token.slice(end + 1))
  return signature !== null && verify(hash, Buffer.from(token.slice(0, end), 'latin1'), input, signature)
}

/** Decodes a part of a token, whose characters are those of base64url. Null: it is cut in a way that no bytes have. */
export function decodePart(part: string): Buffer | null {
  return part.length % 4 === 1 ? null : Buffer.from(part, 'base64url')
}
