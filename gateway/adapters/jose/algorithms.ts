import { constants, type VerifyKeyObjectInput } from 'node:crypto'

/** What `node:crypto` needs to know about a signature algorithm. */
export interface Algorithm {
  /** Type and curve of its keys, as in a JSON Web Key. */
  readonly kty: 'RSA' | 'EC' | 'OKP'
  readonly crv?: string
  /** Null: the algorithm hashes by itself. */
  readonly hash: string | null
  readonly parameters: Omit<VerifyKeyObjectInput, 'key'>
}

const rsa = (hash: string): Algorithm => ({ kty: 'RSA', hash, parameters: { padding: constants.RSA_PKCS1_PADDING } })
const pss = (hash: string): Algorithm => ({
  kty: 'RSA',
  hash,
  parameters: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
})
/** JWS has the two numbers of an ECDSA signature side by side, each as long as the field (RFC 7518 section 3.4). Every other length is refused. */
const ecdsa = (crv: string, hash: string): Algorithm => ({ kty: 'EC', crv, hash, parameters: { dsaEncoding: 'ieee-p1363' } })
const ed25519: Algorithm = { kty: 'OKP', crv: 'Ed25519', hash: null, parameters: {} }

/**
 * Signature algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2). Symmetric algorithms are not in the table, and so
 * never accepted.
 */
export const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  ['RS256', rsa('sha256')],
  ['RS384', rsa('sha384')],
  ['RS512', rsa('sha512')],
  ['PS256', pss('sha256')],
  ['PS384', pss('sha384')],
  ['PS512', pss('sha512')],
  ['ES256', ecdsa('P-256', 'sha256')],
  ['ES384', ecdsa('P-384', 'sha384')],
  ['ES512', ecdsa('P-521', 'sha512')],
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
])

/** The two names of EdDSA with the curve Ed25519 (RFC 9864). A key that is published for one name verifies tokens of both. */
export const synonyms: ReadonlySet<unknown> = new Set(['EdDSA', 'Ed25519'])
