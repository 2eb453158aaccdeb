import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'

/** Identity provider of the platform: it signs the tokens of the sample's users. */
export interface Identity {
  readonly issuer: string
  readonly audience: string
  /** Keys that verify, as a JSON Web Key Set. */
  readonly jwks: string
  /** Signs a token. Claims replace the default ones; undefined removes one. */
  token(claims: Readonly<Record<string, unknown>>, secondsToLive?: number): string
}

export const issuer = 'https://login.carillon.localhost'
export const audience = 'carillon'

/** Makes a new signing key, in PEM. */
export function createSigningKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/**
 *
 * @param signingKey from `createSigningKey` @param now in milliseconds
 */
export function createIdentity(signingKey: string, now: () => number): Identity {
  const privateKey = createPrivateKey(signingKey)
  const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' })
  // The thumbprint of the key names it, so a new cluster does not accept tokens of an old one.
  const kid = String(publicJwk['x']).slice(0, 8)
  return {
    issuer,
    audience,
    jwks: JSON.stringify({ keys: [{ ...publicJwk, kid, alg: 'ES256', use: 'sig' }] }),
    token: (claims, secondsToLive = 3600) => {
      const nowS = Math.floor(now() / 1000)
      const unsigned = `${encode({ alg: 'ES256', typ: 'JWT', kid })}.${encode({ iss: issuer, aud: audience, iat: nowS, exp: nowS + secondsToLive, ...claims })}`
      return `${unsigned}.${sign('sha256', Buffer.from(unsigned), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    },
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
