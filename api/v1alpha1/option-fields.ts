import type { OptionName } from '../../gateway/config/options.ts'
import { parseDurationMs } from '../../program/durations.ts'
import { parseBytes } from '../quantities.ts'

/** Field of a RealtimeChannel that is an option of the gateway. */
interface OptionField {
  /** Path of the field, at which the value is read. Messages name it. */
  readonly field: string
  /** Converts the value of the field to that of the option; null for a value that cannot be converted. Without it the two are the same. */
  readonly read?: (value: never) => number | null
  /** The operator works the value out (operator/reconcile/plan/options-of-spec.ts), because it does not follow from this field alone. */
  readonly isWorkedOut?: true
  /** `spec.gateway.env` may set the option as well, and wins over the field, which is newer than the option. */
  readonly isSettable?: true
}

/**
 * Fields that are options of the gateway, one row each. Four things come from this table: the values of the options, the fields that messages about
 * options name, the variables that `spec.gateway.env` may set, and the rules about pairs of fields. The compiler checks the rows
 * (`option-values.ts`): a field of the schema without a row, a row without a field, and a value that does not fit its option are errors.
 */
export const optionFields = {
  channel: { field: 'metadata.name', isWorkedOut: true },
  socketPathPrefix: { field: 'spec.route.paths.socket', isWorkedOut: true },
  apiPathPrefix: { field: 'spec.route.paths.api', isWorkedOut: true },
  logLevel: { field: 'spec.gateway.logLevel' },
  heartbeatIntervalMs: { field: 'spec.gateway.heartbeat', read: parseDurationMs, isSettable: true },
  drainMs: { field: 'spec.gateway.drainSeconds', read: (seconds: number) => seconds * 1_000 },
  kafkaBrokers: { field: 'spec.kafka.bootstrapServers', isWorkedOut: true },
  kafkaTopic: { field: 'spec.topic.name', isWorkedOut: true },
  kafkaDlq: { field: 'spec.topic.deadLetters.enabled', isWorkedOut: true },
  kafkaDlqTopic: { field: 'spec.topic.deadLetters.name', isWorkedOut: true },
  upstream: { field: 'spec.upstream', isWorkedOut: true },
  kafkaUpstreamTopic: { field: 'spec.upstream.topic.name', isWorkedOut: true },
  upstreamAccept: { field: 'spec.upstream.accept', isWorkedOut: true },
  kafkaControlTopic: { field: 'spec.topic.control.name', isWorkedOut: true },
  jwtJwksUri: { field: 'spec.auth.jwks.uri' },
  jwksProxy: { field: 'spec.network.proxy', isWorkedOut: true },
  jwtIssuer: { field: 'spec.auth.issuer' },
  jwtAudience: { field: 'spec.auth.audience' },
  jwtAudienceClaim: { field: 'spec.auth.audienceClaim', isSettable: true },
  jwtTypes: { field: 'spec.auth.tokenTypes', isSettable: true },
  jwtAlgorithms: { field: 'spec.auth.algorithms' },
  jwtCookie: { field: 'spec.auth.cookieName' },
  jwtClaimUserId: { field: 'spec.auth.claims.userId' },
  jwtClaimUsername: { field: 'spec.auth.claims.username' },
  jwtClaimOrganizationId: { field: 'spec.auth.claims.organizationId' },
  jwtClaimAccountNumber: { field: 'spec.auth.claims.accountNumber' },
  jwtClaimRoles: { field: 'spec.auth.claims.roles' },
  allowedOrigins: { field: 'spec.auth.allowedOrigins' },
  corsRequestHeaders: { field: 'spec.auth.allowedRequestHeaders', isSettable: true },
  dangerouslyAllowAnyOrigin: { field: 'spec.auth.dangerouslyAllowAnyOrigin' },
  emitScopes: { field: 'spec.emit.scopes' },
  emitTrustXRhIdentity: { field: 'spec.emit.trustXRhIdentity' },
  emitRatePerS: { field: 'spec.emit.ratePerSecond' },
  emitBurst: { field: 'spec.emit.burst' },
  emitMaxBatch: { field: 'spec.emit.maxBatch', isSettable: true },
  replayWindowMs: { field: 'spec.replay.window', read: parseDurationMs },
  replayMaxBytes: { field: 'spec.replay.maxBytes', read: parseBytes },
  maxConnections: { field: 'spec.limits.connectionsPerPod' },
  maxConnectionsPerUser: { field: 'spec.limits.connectionsPerUser' },
  upgradeRatePerS: { field: 'spec.limits.connectionsPerSecond' },
  upgradeBurst: { field: 'spec.limits.connectionsBurst' },
  maxEventBytes: { field: 'spec.limits.eventBytes' },
  maxAudienceSize: { field: 'spec.limits.audienceMembers', isSettable: true },
} as const satisfies Partial<Record<OptionName, OptionField>>

export type OptionFields = typeof optionFields

/** Options that follow from how a pod is built, or that a pod leaves at their defaults. No field and no variable in `spec.gateway.env` sets them. */
export const setByPod = [
  'nodeEnv',
  'host',
  'port',
  'internalHost',
  'internalPort',
  'kafkaTopicPartitions',
  'kafkaCreateTopic',
  'kafkaTopicEpoch',
  'kafkaClientId',
  'kafkaTls',
  'kafkaTlsCaFile',
  'kafkaTlsCertFile',
  'kafkaTlsKeyFile',
  'kafkaSaslMechanism',
  'kafkaSaslUsername',
  'kafkaSaslUsernameFile',
  'kafkaSaslPassword',
  'kafkaSaslPasswordFile',
  'kafkaSaslTokenFile',
  'jwksCaFile',
  'jwtKeysFile',
  'ticketKeysFile',
  'drainDelayMs',
  'stopTimeoutMs',
] as const satisfies readonly OptionName[]

export type SetByPod = (typeof setByPod)[number]

/** Rows of the table. The cast is true: the table is a literal, so Object.entries returns exactly its keys. */
export const optionFieldRows = Object.entries(optionFields) as readonly (readonly [keyof OptionFields, OptionField])[]

/** Path of the field of each option. */
export const fieldsOfOptions: Readonly<Partial<Record<OptionName, string>>> = Object.fromEntries(
  optionFieldRows.map(([name, { field }]) => [name, field]),
)

/** Options that `spec.gateway.env` cannot set. It can set all others, so a new option of the gateway can be used at once. */
export const operatorOwnedOptions: ReadonlySet<OptionName> = new Set<OptionName>([
  ...optionFieldRows.filter(([, { isSettable = false }]) => !isSettable).map(([name]) => name),
  ...setByPod,
])
