import { generateKeyPairSync, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A key pair of ES256: the public half in a file for a gateway, the private half to sign tokens. */
export interface TokenKeys {
  /** Options of a gateway that verifies the tokens. */
  readonly env: Readonly<Record<string, string>>
  /** Returns a token with these claims, `iss` and `aud`. */
  sign(claims: object): string
}

/** @param folder folder for the file of the public key */
export function makeTokenKeys(folder: string): TokenKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = join(folder, 'keys.pem')
  writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }))
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return {
    env: { JWT_KEYS_FILE: file, JWT_ISSUER: 'https://sso.example', JWT_AUDIENCE: 'carillon' },
    sign: (claims) => {
      const text = `${encode({ alg: 'ES256' })}.${encode({ ...claims, iss: 'https://sso.example', aud: 'carillon' })}`
      return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    },
  }
}
