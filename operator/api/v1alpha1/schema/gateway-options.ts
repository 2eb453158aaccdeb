import { options, type OptionName } from '../../../../gateway/config/options.ts'

/**
 * The gateway's options that the operator sets itself, from other fields or because of how a pod is built. All others may be set in
 * `spec.gateway.env`, so that an option which the gateway learns can be used at once.
 */
export const operatorOwnedOptions: ReadonlySet<OptionName> = new Set<OptionName>([
  'channel', 'socketPathPrefix', 'apiPathPrefix', 'nodeEnv', 'logLevel', 'host', 'port', 'internalHost', 'internalPort',
  'kafkaBrokers', 'kafkaTopic', 'kafkaTopicPartitions', 'kafkaCreateTopic', 'kafkaTopicEpoch',
  'kafkaTls', 'kafkaTlsCaFile', 'kafkaTlsCertFile', 'kafkaTlsKeyFile',
  'kafkaSaslMechanism', 'kafkaSaslUsername', 'kafkaSaslUsernameFile', 'kafkaSaslPassword', 'kafkaSaslPasswordFile',
  'jwtJwksUri', 'jwtKeysFile', 'jwtIssuer', 'jwtAudience', 'jwtAlgorithms', 'jwtCookie',
  'jwtClaimUserId', 'jwtClaimUsername', 'jwtClaimOrganizationId', 'jwtClaimAccountNumber', 'jwtClaimRoles',
  'allowedOrigins', 'dangerouslyAllowAnyOrigin', 'emitScopes', 'emitTrustXRhIdentity', 'maxEventBytes', 'emitRatePerS', 'emitBurst',
  'replayWindowMs', 'replayMaxBytes', 'maxConnections', 'maxConnectionsPerUser', 'upgradeRatePerS', 'upgradeBurst',
  'drainDelayMs', 'drainMs', 'stopTimeoutMs',
])

/** The variables that `spec.gateway.env` may set. */
// Object.keys of the table gives exactly its keys: it is a literal and has no others.
export const settableVariables: readonly string[] = (Object.keys(options) as OptionName[]).filter((name) => !operatorOwnedOptions.has(name)).map((name) => options[name].env)
