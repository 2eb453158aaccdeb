import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import type { Principal } from '../../../audience/principal.ts'
import type { Claims } from '../../../auth/claim-at.ts'

/** An issuer of tokens, with one key. */
export interface TestIssuer {
  readonly kid: string
  readonly privateKey: CryptoKey
  /** The public key, with `kid`, `alg` and `use`. */
  readonly jwk: JWK
  readonly pem: string
  /** @param header members that replace the default ones; undefined removes one */
  sign(claims: Claims, header?: Claims): Promise<string>
}

export const testIssuerName = 'https://sso.example.com/realms/test'
export const testAudience = 'carillon'

export async function createTestIssuer({
  alg = 'ES256',
  kid = 'key-1',
}: { readonly alg?: string; readonly kid?: string } = {}): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return {
    kid,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    pem: await exportSPKI(publicKey),
    sign: (claims, header = {}) => new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, typ: 'JWT', ...header }).sign(privateKey),
  }
}

/**
 * Returns claims that are valid at `nowMs` for a gateway that trusts the test issuer. `more` replaces members, and removes them with
 * undefined.
 */
export function goodClaims(nowMs: number, more: Claims = {}): Claims {
  const nowS = Math.floor(nowMs / 1000)
  return { iss: testIssuerName, aud: testAudience, iat: nowS, exp: nowS + 3600, user_id: 'u-1', ...more }
}

export function claimsOf(principal: Principal, scopes: readonly string[]): Claims {
  return {
    iss: testIssuerName,
    aud: [testAudience, 'other'],
    user_id: principal.userId,
    username: principal.username,
    org_id: principal.organizationId,
    account_number: principal.accountNumber,
    roles: principal.roles,
    scope: scopes.join(' '),
    exp: (principal.expiresAtMs ?? 0) / 1000,
    ...(principal.issuedAtMs === null ? {} : { iat: principal.issuedAtMs / 1000 }),
    ...(principal.tokenId === null ? {} : { jti: principal.tokenId }),
  }
}
