import { options } from '../../../config/options.ts'
import type { JwtAuthenticatorOptions } from '../authenticator.ts'
import { testAudience, testIssuerName } from './test-issuer.ts'

/** Options that trust the test issuer. The test adds a source of keys. */
export function jwtOptions(more: Partial<JwtAuthenticatorOptions> = {}): JwtAuthenticatorOptions {
  return {
    jwtJwksUri: '',
    channel: 'chrome-service',
    jwtKeysFile: '',
    ticketKeysFile: '',
    jwtIssuer: testIssuerName,
    jwtAudience: [testAudience],
    jwtAudienceClaim: '',
    jwtTypes: [],
    jwtAlgorithms: options.jwtAlgorithms.default,
    jwtClockToleranceMs: 5_000,
    jwksCaFile: '',
    jwksProxy: '',
    jwksTimeoutMs: 3_000,
    jwksRefreshMs: 600_000,
    jwksCooldownMs: 10_000,
    jwtClaimUserId: 'user_id',
    jwtClaimUsername: 'username',
    jwtClaimOrganizationId: 'org_id',
    jwtClaimAccountNumber: 'account_number',
    jwtClaimRoles: 'roles',
    ...more,
  }
}
