import { generateKeyPairSync, sign } from 'node:crypto'

/** An identity provider for the proof: a key that signs, and the key set that verifies. */
export interface Issuer {
  readonly jwks: string
  readonly issuer: string
  readonly audience: string
  token(claims: Readonly<Record<string, unknown>>): string
}

export function createIssuer(): Issuer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = 'https://issuer.proof.invalid'
  const audience = 'carillon-proof'
  return {
    issuer,
    audience,
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'proof', alg: 'ES256', use: 'sig' }] }),
    token: (claims) => {
      const nowS = Math.floor(Date.now() / 1000)
      const unsigned = `${encode({ alg: 'ES256', typ: 'JWT', kid: 'proof' })}.${encode({ iss: issuer, aud: audience, iat: nowS, exp: nowS + 3600, ...claims })}`
      const signature = sign('sha256', Buffer.from(unsigned), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      return `${unsigned}.${signature.toString('base64url')}`
    },
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
