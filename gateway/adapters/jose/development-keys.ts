import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { isRecord } from '../../../program/is-record.ts'
import { nearName, shownName } from '../../audience/near-name.ts'
import { maxTokenBytes, type Authenticator } from '../../auth/authenticator.ts'
import type { Claims } from '../../auth/claim-at.ts'
import { defaultClaimPaths, principalFromClaims } from '../../auth/principal-from-claims.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { Metrics } from '../../observability/metrics.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import { makeKeySet } from './key-set.ts'
import { findIn } from './key-source.ts'
import { createTokenVerifier } from './token-verifier.ts'

export interface DevelopmentIssuer {
  readonly authenticator: Authenticator
  /**
   * Signs a token with these claims. The error names the wrong claim and the expected value.
   * @param claims `user_id` (required), `username`, `org_id`, `account_number`, `roles`, `scope`, `jti`; `exp` and `iat` in seconds since 1970,
   * also in the past
   */
  sign(claims: unknown): Promise<Result<string, string>>
}

export interface DevelopmentIssuerParts {
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'tokenClaimsMissing' | 'ticketsShown'>
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number
}

/** Without an `exp`, a token lasts a working day. */
const defaultLifetimeS = 12 * 3600

const algorithm = 'ES256'
const issuer = 'urn:carillon:development'
const knownClaims = ['user_id', 'username', 'org_id', 'account_number', 'roles', 'scope', 'exp', 'iat', 'jti']

/**
 * Makes a key that lives as long as the process. Tokens of an earlier start, or of another gateway, are forged ones. For development mode
 * only.
 */
export async function createDevelopmentIssuer({ logger, metrics, now = Date.now }: DevelopmentIssuerParts): Promise<DevelopmentIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  const { keys } = await makeKeySet([await exportJWK(publicKey)], [algorithm])
  const authenticator = createTokenVerifier({
    keys: { current: () => keys, lookup: (header) => Promise.resolve(findIn(keys, header) ?? { kind: 'unknown' }) },
    algorithms: [algorithm],
    types: [],
    rules: { issuer, audiences: [], audienceClaim: '', clockToleranceMs: 0, requiresExpiry: false },
    paths: defaultClaimPaths,
    logger,
    metrics,
    now,
  })
  return {
    authenticator,
    sign: async (claims) => {
      const checked = checkClaims(claims)
      if (!checked.ok) return checked
      const nowS = Math.floor(now() / 1000)
      const { exp = nowS + defaultLifetimeS, iat = now() / 1000 } = checked.value
      const payload = { ...checked.value, exp, iat, iss: issuer }
      const token = await new SignJWT(payload).setProtectedHeader({ alg: algorithm, typ: 'JWT' }).sign(privateKey)
      if (token.length <= maxTokenBytes) return ok(token)
      return failed(`The claims make a token of more than ${maxTokenBytes} bytes, which gateways refuse. Send fewer claims.`)
    },
  }
}

type DevelopmentClaims = Claims & { readonly exp: number | undefined; readonly iat: number | undefined }

/** Returns ok when the authenticator will accept the claims. */
function checkClaims(claims: unknown): Result<DevelopmentClaims, string> {
  if (!isRecord(claims)) return failed('The claims are not a JSON object; {"user_id": "..."} was expected.')
  const unknown = Object.keys(claims).find((name) => !knownClaims.includes(name))
  if (unknown !== undefined) {
    const near = nearName(unknown, knownClaims)
    const hint = near === null ? `known are ${knownClaims.join(', ')}.` : `did you mean \`${near}\`?`
    return failed(`The claim ${JSON.stringify(shownName(unknown))} is unknown; ${hint}`)
  }
  const { exp, iat } = claims
  if (!isTimeOrAbsent(exp)) return failed('The claim `exp` must be a number: seconds since 1970.')
  if (!isTimeOrAbsent(iat)) return failed('The claim `iat` must be a number: seconds since 1970.')
  const principal = principalFromClaims(claims, defaultClaimPaths)
  return principal.ok ? ok({ ...claims, exp, iat }) : failed(principal.error.detail)
}

function isTimeOrAbsent(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value))
}
