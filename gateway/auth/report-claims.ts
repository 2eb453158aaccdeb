import { options } from '../config/options.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { claimAt, type Claims } from './claim-at.ts'
import { claimOptions, type ClaimPaths } from './principal-from-claims.ts'
import { isInMilliseconds } from './check-claims.ts'

export interface ClaimReporterParts {
  readonly paths: ClaimPaths
  readonly logger: Pick<Logger, 'warn'>
  readonly metrics: Pick<Metrics, 'tokenClaimsMissing'>
}

/** Reports likely mistakes in the claims of a verified token. */
export type ClaimReporter = (claims: Claims) => void

type ClaimName = keyof ClaimPaths

/**
 * Makes likely mistakes of the configuration or of the issuer visible, and refuses no token. One mistake is a path without a claim: a user without
 * a role misses events. Another is an `exp` in milliseconds: the session then never ends. Each is logged once, a path only if it is not the
 * default. The metric counts every path, in every token that is verified.
 */
export function createClaimReporter({ paths, logger, metrics }: ClaimReporterParts): ClaimReporter {
  // Object.keys returns exactly the table's keys: it is a literal and has no others.
  const names = Object.keys(claimOptions) as ClaimName[]
  const unreported = new Set(names.filter((name) => paths[name] !== options[claimOptions[name]].default))
  let isEndUnreported = true

  const reportMissing = (name: ClaimName): void => {
    metrics.tokenClaimsMissing.add(1, { claim: options[claimOptions[name]].default })
    if (!unreported.delete(name)) return
    logger.warn(
      { setting: options[claimOptions[name]].env, path: paths[name] },
      'configured claim is missing in a token; compare the setting with the claims of the issuer',
    )
  }

  return (claims) => {
    for (const name of names) if (claimAt(claims, paths[name]) === undefined) reportMissing(name)
    if (!isEndUnreported || !isInMilliseconds(claims['exp'])) return
    isEndUnreported = false
    logger.warn({ claim: 'exp' }, 'token has its exp in milliseconds; exp is read in seconds, so this token does not expire')
  }
}
