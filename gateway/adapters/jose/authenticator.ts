import type { Authenticator } from '../../auth/authenticator.ts'
import { claimPathsFrom, type ClaimPathOptions } from '../../auth/principal-from-claims.ts'
import type { Config } from '../../config/options.ts'
import type { Logger } from '../../../program/log/logger.ts'
import { ok, type Result } from '../../../program/result.ts'
import type { Metrics } from '../../observability/metrics.ts'
import { FileKeys } from './file-keys.ts'
import { createIssuerFetch, type GetFetch, type IssuerFetchOptions } from './issuer-fetch.ts'
import type { KeySource } from './key-source.ts'
import { type Parsed, PolledFile } from './polled-file.ts'
import { RemoteKeys, type RemoteKeysOptions } from './remote-keys.ts'
import { maxTicketFileBytes, parseTicketSecrets, type TicketSecrets } from './ticket-secrets.ts'
import { Tickets } from './tickets.ts'
import { createTokenVerifier, type SignatureCheck } from './token-verifier.ts'

export type JwtAuthenticatorOptions = ClaimPathOptions &
  RemoteKeysOptions &
  IssuerFetchOptions &
  Pick<
    Config,
    'channel' | 'ticketKeysFile' | 'jwtKeysFile' | 'jwtIssuer' | 'jwtAudience' | 'jwtAudienceClaim' | 'jwtTypes' | 'jwtClockToleranceMs'
  >

export interface JwtAuthenticatorParts {
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'jwksFetches' | 'tokenClaimsMissing' | 'ticketsShown'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** @default the fetch that the options ask for */
  readonly fetch?: GetFetch
  /** Interval of looks at key files. @default 2000 */
  readonly filePollMs?: number
  /** @default hasSigned, by `node:crypto` */
  readonly check?: SignatureCheck
}

export interface JwtAuthenticator extends Authenticator {
  /**
   * Gets the keys. With a JWKS URI it resolves after the first attempt, also when that failed: see `hasKeys`.
   * @throws Error (the promise rejects) when a key file is invalid, with a text for the person who configured it
   */
  start(): Promise<void>
  /** Ends timers and fetches. Idempotent. */
  stop(): Promise<void>
  /** False until the first keys have arrived: a gateway without keys is not ready. Stays true in an outage. */
  hasKeys(): boolean
}

/**
 * Accepts tokens that are signed with the keys of the JWKS URI or of the key file, depending on which is configured. Every token must have
 * an `exp`. A session ends when its token does, and an endless one could not be taken from a user who may no longer have it.
 * @throws Error when neither source of keys is configured, or JWKS_CA_FILE has no certificates
 */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions, parts: JwtAuthenticatorParts): JwtAuthenticator {
  const keys = createKeySource(options, parts)
  const secrets = createTicketSecrets(options, parts)
  const verifier = createTokenVerifier({
    keys,
    algorithms: options.jwtAlgorithms,
    types: options.jwtTypes,
    rules: {
      issuer: options.jwtIssuer === '' ? null : options.jwtIssuer,
      audiences: options.jwtAudience,
      audienceClaim: options.jwtAudienceClaim,
      clockToleranceMs: options.jwtClockToleranceMs,
      requiresExpiry: true,
    },
    paths: claimPathsFrom(options),
    logger: parts.logger,
    metrics: parts.metrics,
    now: parts.now,
    ...(secrets === null ? {} : { tickets: new Tickets({ channel: options.channel, secrets: () => secrets.content }) }),
    ...(parts.check === undefined ? {} : { check: parts.check }),
  })
  return {
    ...verifier,
    start: async () => {
      await secrets?.start()
      await keys.start()
    },
    stop: async () => {
      await Promise.all([secrets?.stop(), keys.stop()])
    },
    hasKeys: () => keys.current() !== null,
  }
}

function createTicketSecrets(
  { ticketKeysFile: path }: JwtAuthenticatorOptions,
  parts: JwtAuthenticatorParts,
): PolledFile<TicketSecrets> | null {
  if (path === '') return null
  const parse = (text: string): Result<Parsed<TicketSecrets>, string> => {
    const secrets = parseTicketSecrets(text)
    return secrets.ok ? ok({ content: secrets.value, fields: { keys: secrets.value.length } }) : secrets
  }
  const { filePollMs } = parts
  const pollMs = filePollMs === undefined ? {} : { pollMs: filePollMs }
  return new PolledFile({ path, setting: 'TICKET_KEYS_FILE', maxBytes: maxTicketFileBytes, parse, ...pollMs }, parts.logger)
}

function createKeySource(options: JwtAuthenticatorOptions, { filePollMs, fetch, ...parts }: JwtAuthenticatorParts): KeySource {
  const { jwtKeysFile: path, jwtAlgorithms: algorithms } = options
  if (options.jwtJwksUri !== '') return new RemoteKeys(options, { ...parts, fetch: fetch ?? createIssuerFetch(options) })
  if (path === '') throw new Error('JWT_JWKS_URI or JWT_KEYS_FILE is needed to verify tokens')
  return new FileKeys({ path, algorithms, ...(filePollMs === undefined ? {} : { pollMs: filePollMs }) }, parts.logger)
}
