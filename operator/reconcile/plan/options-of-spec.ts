import { dlqTopicOf } from '../../../gateway/config/dead-letter-topic.ts'
import { options, type OptionName, type Options } from '../../../gateway/config/options.ts'
import type { MountedFile } from '../../../cdk8s/operands/operand-input.ts'
import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { parseBytes, parseDurationMs } from '../../../api/durations.ts'
import { proxyOf } from './proxy-of.ts'
import { ports, type KafkaOfPods } from '../settings.ts'
import { stopTimeoutMs } from './stopping.ts'

/** Where the gateway finds the files of Secrets and ConfigMaps. One directory for each, so that the kubelet can exchange it as a whole. */
const directories = {
  kafkaCa: '/etc/carillon/kafka-ca',
  kafkaClient: '/etc/carillon/kafka-client',
  kafkaSasl: '/etc/carillon/kafka-sasl',
  keys: '/etc/carillon/jwt-keys',
  jwksCa: '/etc/carillon/jwks-ca',
} as const

/** The fields that the options come from, for those who have to change them. */
export const fieldsOfOptions: Readonly<Partial<Record<OptionName, string>>> = {
  channel: 'metadata.name',
  socketPathPrefix: 'spec.route.paths.socket',
  apiPathPrefix: 'spec.route.paths.api',
  logLevel: 'spec.gateway.logLevel',
  kafkaBrokers: 'spec.kafka.bootstrapServers',
  kafkaTopic: 'spec.topic.name',
  kafkaDlq: 'spec.topic.deadLetters.enabled',
  kafkaDlqTopic: 'spec.topic.deadLetters.name',
  jwtJwksUri: 'spec.auth.jwks.uri',
  jwksProxy: 'spec.network.proxy',
  jwtIssuer: 'spec.auth.issuer',
  jwtAudience: 'spec.auth.audience',
  jwtAudienceClaim: 'spec.auth.audienceClaim',
  jwtTypes: 'spec.auth.tokenTypes',
  corsRequestHeaders: 'spec.auth.allowedRequestHeaders',
  emitMaxBatch: 'spec.emit.maxBatch',
  maxAudienceSize: 'spec.limits.audienceMembers',
  heartbeatIntervalMs: 'spec.gateway.heartbeat',
  jwtAlgorithms: 'spec.auth.algorithms',
  jwtCookie: 'spec.auth.cookieName',
  jwtClaimUserId: 'spec.auth.claims.userId',
  jwtClaimUsername: 'spec.auth.claims.username',
  jwtClaimOrganizationId: 'spec.auth.claims.organizationId',
  jwtClaimAccountNumber: 'spec.auth.claims.accountNumber',
  jwtClaimRoles: 'spec.auth.claims.roles',
  allowedOrigins: 'spec.auth.allowedOrigins',
  dangerouslyAllowAnyOrigin: 'spec.auth.dangerouslyAllowAnyOrigin',
  emitScopes: 'spec.emit.scopes',
  emitTrustXRhIdentity: 'spec.emit.trustXRhIdentity',
  emitRatePerS: 'spec.emit.ratePerSecond',
  emitBurst: 'spec.emit.burst',
  maxEventBytes: 'spec.limits.eventBytes',
  maxConnections: 'spec.limits.connectionsPerPod',
  maxConnectionsPerUser: 'spec.limits.connectionsPerUser',
  upgradeRatePerS: 'spec.limits.connectionsPerSecond',
  upgradeBurst: 'spec.limits.connectionsBurst',
  replayWindowMs: 'spec.replay.window',
  replayMaxBytes: 'spec.replay.maxBytes',
  drainMs: 'spec.gateway.drainSeconds',
}

/** What the options are made of, besides the `spec`. */
export interface OptionSource {
  readonly channelName: string
  readonly kafka: KafkaOfPods
  readonly topicName: string
  /** Empty: the brokers tell no ids of topics. */
  readonly topicEpoch: string
  /** Null: gateways copy no dead letters. */
  readonly deadLetterTopic: string | null
  readonly paths: { readonly socket: string; readonly api: string }
}

/** Every option that a channel, or the way a pod is built, decides. Values are not judged here. */
export function optionsOfSpec(spec: StoredSpec, source: OptionSource): Partial<Options> {
  return { ...ofPod(spec, source), ...ofKafka(source), ...ofAuth(spec.auth), ...ofKeyServer(spec), ...ofTraffic(spec) }
}

function ofPod({ gateway }: StoredSpec, { channelName, paths }: OptionSource): Partial<Options> {
  return {
    channel: channelName,
    nodeEnv: 'production',
    logLevel: gateway.logLevel,
    // `auto` means json here, too; it is said for whoever reads the Deployment.
    logFormat: 'json',
    port: ports.public,
    internalPort: ports.internal,
    // The very prefixes of the route: no two proxies rewrite paths in the same way.
    socketPathPrefix: paths.socket,
    apiPathPrefix: paths.api,
    // The kubelet waits before it sends SIGTERM (`stopping.ts`), so that the gateway need not wait as well.
    ...(gateway.heartbeat === undefined ? {} : { heartbeatIntervalMs: parseDurationMs(gateway.heartbeat) ?? Number.NaN }),
    drainDelayMs: 0,
    drainMs: gateway.drainSeconds * 1_000,
    stopTimeoutMs,
  }
}

function ofKafka({ kafka, topicName, topicEpoch, deadLetterTopic }: OptionSource): Partial<Options> {
  const { brokers, tls, sasl } = kafka
  return {
    kafkaBrokers: brokers,
    kafkaTopic: topicName,
    // The operator makes topics. A pod that did would make one with the brokers' defaults, at the worst moment.
    kafkaCreateTopic: 'off',
    kafkaTopicEpoch: topicEpoch,
    // A client id of its own for each channel would be another group, whose progress would begin anew.
    kafkaClientId: options.kafkaClientId.default,
    kafkaDlq: deadLetterTopic !== null,
    // The gateway's own name for it is left out.
    kafkaDlqTopic:
      deadLetterTopic === null || deadLetterTopic === dlqTopicOf({ kafkaTopic: topicName, kafkaDlqTopic: '' }) ? '' : deadLetterTopic,
    kafkaTls: tls !== null,
    ...(tls?.ca ? { kafkaTlsCaFile: `${directories.kafkaCa}/ca.crt` } : {}),
    ...(tls?.clientSecret
      ? { kafkaTlsCertFile: `${directories.kafkaClient}/tls.crt`, kafkaTlsKeyFile: `${directories.kafkaClient}/tls.key` }
      : {}),
    ...(sasl === null
      ? {}
      : {
          kafkaSaslMechanism: sasl.mechanism,
          kafkaSaslUsernameFile: `${directories.kafkaSasl}/username`,
          kafkaSaslPasswordFile: `${directories.kafkaSasl}/password`,
        }),
  }
}

function ofAuth(auth: StoredSpec['auth']): Partial<Options> {
  const { jwks, claims } = auth
  return {
    ...(jwks.uri === undefined ? { jwtKeysFile: `${directories.keys}/keys` } : { jwtJwksUri: jwks.uri }),
    jwtIssuer: auth.issuer,
    jwtAudience: auth.audience,
    ...(auth.audienceClaim === undefined ? {} : { jwtAudienceClaim: auth.audienceClaim }),
    ...(auth.tokenTypes === undefined ? {} : { jwtTypes: auth.tokenTypes }),
    ...(auth.allowedRequestHeaders === undefined ? {} : { corsRequestHeaders: auth.allowedRequestHeaders }),
    ...(auth.algorithms === undefined ? {} : { jwtAlgorithms: auth.algorithms }),
    jwtCookie: auth.cookieName,
    jwtClaimUserId: claims.userId,
    jwtClaimUsername: claims.username,
    jwtClaimOrganizationId: claims.organizationId,
    jwtClaimAccountNumber: claims.accountNumber,
    jwtClaimRoles: claims.roles,
    ...(auth.allowedOrigins === undefined ? {} : { allowedOrigins: auth.allowedOrigins }),
    dangerouslyAllowAnyOrigin: auth.dangerouslyAllowAnyOrigin,
  }
}

function ofKeyServer({ auth: { jwks }, network }: StoredSpec): Partial<Options> {
  const proxy = proxyOf(jwks.uri ?? '', network.proxy)
  return {
    ...(jwks.caSecretRef === undefined && jwks.caConfigMapRef === undefined ? {} : { jwksCaFile: `${directories.jwksCa}/ca.crt` }),
    ...(proxy === null ? {} : { jwksProxy: proxy }),
  }
}

function ofTraffic({ emit, limits, replay }: StoredSpec): Partial<Options> {
  return {
    emitScopes: emit.scopes,
    emitTrustXRhIdentity: emit.trustXRhIdentity,
    emitRatePerS: emit.ratePerSecond,
    emitBurst: emit.burst,
    ...(emit.maxBatch === undefined ? {} : { emitMaxBatch: emit.maxBatch }),
    ...(limits.audienceMembers === undefined ? {} : { maxAudienceSize: limits.audienceMembers }),
    maxEventBytes: limits.eventBytes,
    maxConnections: limits.connectionsPerPod,
    maxConnectionsPerUser: limits.connectionsPerUser,
    upgradeRatePerS: limits.connectionsPerSecond,
    upgradeBurst: limits.connectionsBurst,
    // What is no duration or quantity becomes a number that the option's bounds refuse.
    replayWindowMs: parseDurationMs(replay.window) ?? Number.NaN,
    replayMaxBytes: parseBytes(replay.maxBytes) ?? Number.NaN,
  }
}

/** The files that the options name, and where they come from. */
export function filesOfSpec({ auth }: StoredSpec, { tls, sasl }: KafkaOfPods): readonly MountedFile[] {
  const secret = (path: string, name: string, key: string): MountedFile => ({ path, from: { kind: 'Secret', name, key } })
  const configMap = (path: string, name: string, key: string): MountedFile => ({ path, from: { kind: 'ConfigMap', name, key } })
  const { secretRef, configMapRef, caSecretRef, caConfigMapRef } = auth.jwks
  return [
    ...(tls?.ca ? [secret(`${directories.kafkaCa}/ca.crt`, tls.ca.secret, tls.ca.key)] : []),
    ...(tls?.clientSecret
      ? ['tls.crt', 'tls.key'].map((key) => secret(`${directories.kafkaClient}/${key}`, tls.clientSecret ?? '', key))
      : []),
    ...(sasl === null
      ? []
      : [
          secret(`${directories.kafkaSasl}/username`, sasl.secret, sasl.usernameKey),
          secret(`${directories.kafkaSasl}/password`, sasl.secret, sasl.passwordKey),
        ]),
    ...(secretRef === undefined ? [] : [secret(`${directories.keys}/keys`, secretRef.name, secretRef.key)]),
    ...(configMapRef === undefined ? [] : [configMap(`${directories.keys}/keys`, configMapRef.name, configMapRef.key)]),
    ...(caSecretRef === undefined ? [] : [secret(`${directories.jwksCa}/ca.crt`, caSecretRef.name, caSecretRef.key)]),
    ...(caConfigMapRef === undefined ? [] : [configMap(`${directories.jwksCa}/ca.crt`, caConfigMapRef.name, caConfigMapRef.key)]),
  ]
}
