import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { readKeys, type ServerEnvironment } from './environment.ts'

/** Code that an application adds to a server that verifies no tokens. @returns the user of a token, or null for an invalid one */
export function createVerifier(environment: ServerEnvironment): (token: string) => Promise<string | null> {
  const keys = createLocalJWKSet(JSON.parse(readKeys(environment)) as JSONWebKeySet) // file of the rig
  const { issuer, audience } = environment
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ['ES256'] })
      return payload.sub ?? null
    } catch {
      // Any error means an invalid token.
      return null
    }
  }
}
