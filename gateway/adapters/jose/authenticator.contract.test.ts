import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeAuthenticator } from '../../auth/authenticator.contract.ts'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../testing/recording-metrics.ts'
import { createJwtAuthenticator } from './authenticator.ts'
import { createDevelopmentIssuer } from './development-keys.ts'
import { startJwksServer } from './testing/jwks-server.ts'
import { jwtOptions } from './testing/jwt-options.ts'
import { claimsOf, createTestIssuer } from './testing/test-issuer.ts'

const parts = () => ({ logger: createRecordingLogger().logger, metrics: createRecordingMetrics().metrics, now: Date.now })

for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
  describeAuthenticator(`the JWT authenticator with ${alg} keys from a JWKS endpoint`, async () => {
    const [issuer, forger, server] = await Promise.all([createTestIssuer({ alg }), createTestIssuer({ alg }), startJwksServer()])
    server.publish(issuer.jwk)
    const authenticator = createJwtAuthenticator(jwtOptions({ jwtJwksUri: server.uri }), parts())
    await authenticator.start()
    return {
      authenticator,
      issue: (principal, scopes) => issuer.sign(claimsOf(principal, scopes)),
      forge: (principal) => forger.sign(claimsOf(principal, [])),
      now: Date.now,
      stop: async () => {
        await authenticator.stop()
        await server.stop()
      },
    }
  })
}

describeAuthenticator('the JWT authenticator with keys from a PEM file', async () => {
  const [issuer, forger, folder] = await Promise.all([createTestIssuer(), createTestIssuer(), mkdtemp(join(tmpdir(), 'carillon-keys-'))])
  const path = join(folder, 'keys.pem')
  await writeFile(path, issuer.pem)
  const authenticator = createJwtAuthenticator(jwtOptions({ jwtKeysFile: path }), parts())
  await authenticator.start()
  return {
    authenticator,
    issue: (principal, scopes) => issuer.sign(claimsOf(principal, scopes)),
    forge: (principal) => forger.sign(claimsOf(principal, [])),
    now: Date.now,
    stop: async () => {
      await authenticator.stop()
      await rm(folder, { recursive: true })
    },
  }
})

describeAuthenticator('the development issuer', async () => {
  const [issuer, forger] = await Promise.all([createDevelopmentIssuer(parts()), createDevelopmentIssuer(parts())])
  const sign = async (by: typeof issuer, claims: ReturnType<typeof claimsOf>): Promise<string> => {
    const named = ['user_id', 'username', 'org_id', 'account_number', 'roles', 'scope', 'exp', 'iat', 'jti']
    const token = await by.sign(Object.fromEntries(Object.entries(claims).filter(([claim]) => named.includes(claim))))
    return token.ok ? token.value : `not signed: ${token.error}`
  }
  return {
    authenticator: issuer.authenticator,
    issue: (principal, scopes) => sign(issuer, claimsOf(principal, scopes)),
    forge: (principal) => sign(forger, claimsOf(principal, [])),
    now: Date.now,
    stop: async () => {},
  }
})
