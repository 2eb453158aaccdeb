import type { Option, OptionNameOf, OptionsOf, OptionTable } from '../../program/options/option.ts'

/**
 * Every option of the gateway: one table. From it come parsing (`parse-options.ts`), `--help`, docs/reference/configuration.md and
 * the environment that an operator gives to a pod. What a row may say is in `table/option.ts`.
 * Names carry their unit: `Ms` milliseconds, `Bytes`, `PerS` per second.
 */
export const options = {
  // ---- channel
  channel: { env: 'CHANNEL', kind: 'string', default: 'chrome-service', pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$', inWords: 'lower-case letters, digits and hyphens, 63 at most, no hyphen first or last', group: 'Channel', sentence: 'Name of the channel: the NAME in /wss/NAME/v1/ws and /api/NAME/v1, unless prefixes are given.' },
  socketPathPrefix: { env: 'SOCKET_PATH_PREFIX', kind: 'string', default: '', maxLength: 200, pattern: '^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$', inWords: 'a path: segments of letters, digits and . _ ~ -, each behind a slash, none of them beginning with a dot, and no slash at the end', group: 'Channel', sentence: 'What stands before /v1/ws in the path of the WebSocket, so that channels of one name can share a host. Empty: /wss/ and the channel.' },
  apiPathPrefix: { env: 'API_PATH_PREFIX', kind: 'string', default: '', maxLength: 200, pattern: '^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$', inWords: 'a path: segments of letters, digits and . _ ~ -, each behind a slash, none of them beginning with a dot, and no slash at the end', group: 'Channel', sentence: 'What stands before /v1 in the paths of the event stream and the emit API. Empty: /api/ and the channel.' },
  nodeEnv: { env: 'NODE_ENV', kind: 'enum', values: ['development', 'production', 'test'], default: 'development', group: 'Channel', sentence: 'production forbids development mode: keys, brokers and origins must then be configured.' },
  logLevel: { env: 'LOG_LEVEL', kind: 'enum', values: ['debug', 'info', 'warn', 'error', 'silent'], default: 'info', group: 'Channel', sentence: 'The least severe log lines that are written, to standard output. User ids appear at debug only.' },
  logFormat: { env: 'LOG_FORMAT', kind: 'enum', values: ['auto', 'json', 'text'], default: 'auto', group: 'Channel', sentence: 'json: an object per line, for machines; text: for people; auto: text in development mode, else json.' },
  console: { env: 'CONSOLE', kind: 'enum', values: ['auto', 'on', 'off'], default: 'auto', group: 'Channel', sentence: 'Whether /console is served; auto: in development mode only.' },
  // ---- listening
  host: { env: 'HOST', kind: 'string', default: '', group: 'Listening', sentence: 'Address of the public port. Empty: all of them, IPv6 and IPv4; IPv4 alone where the machine has no IPv6. Development mode listens on 127.0.0.1 whatever this says.' },
  port: { env: 'PORT', kind: 'integer', default: 8000, min: 0, max: 65_535, group: 'Listening', sentence: 'Public port: sockets, events, emit API. 0 takes a free one.' },
  internalHost: { env: 'INTERNAL_HOST', kind: 'string', default: '', group: 'Listening', sentence: 'Address of the internal port. Empty: all of them, as for HOST. Development mode listens on 127.0.0.1 whatever this says.' },
  internalPort: { env: 'INTERNAL_PORT', kind: 'integer', default: 9000, min: 0, max: 65_535, group: 'Listening', sentence: 'Internal port: /livez, /readyz and /metrics. Never expose it. 0 takes a free one.' },
  // ---- Kafka
  kafkaBrokers: { env: 'KAFKA_BROKERS', kind: 'list', default: [], maxItems: 32, items: 'broker', group: 'Kafka', sentence: 'host:port of the brokers to begin with, an IPv6 address in brackets. Empty: an in-process log stands in for Kafka (development mode only).' },
  kafkaTopic: { env: 'KAFKA_TOPIC', kind: 'string', default: 'platform.chrome', pattern: '^[A-Za-z0-9._-]{1,240}$', inWords: 'letters, digits and . _ -, 240 at most', group: 'Kafka', sentence: 'The topic of the channel.' },
  kafkaTopicPartitions: { env: 'KAFKA_TOPIC_PARTITIONS', kind: 'integer', default: 8, min: 1, max: 1024, group: 'Kafka', sentence: 'Partitions of a topic that the gateway creates, and of the in-process log.' },
  kafkaCreateTopic: { env: 'KAFKA_CREATE_TOPIC', kind: 'enum', values: ['auto', 'on', 'off'], default: 'auto', group: 'Kafka', sentence: 'Whether a missing topic is created; auto: in development mode only.' },
  kafkaTopicEpoch: { env: 'KAFKA_TOPIC_EPOCH', kind: 'string', default: '', maxLength: 128, group: 'Kafka', sentence: 'Identity of the topic (its id), handed down by an operator: cursors of another epoch are answered with a gap. Empty: the gateway finds out what it can.' },
  kafkaClientId: { env: 'KAFKA_CLIENT_ID', kind: 'string', default: 'carillon', pattern: '^[A-Za-z0-9._-]{1,128}$', inWords: 'letters, digits and . _ -, 128 at most', group: 'Kafka', sentence: 'Client id in the broker\'s logs and quotas; also the prefix of the dead letters\' group and transactional ids.' },
  kafkaTls: { env: 'KAFKA_TLS', kind: 'boolean', default: false, group: 'Kafka', sentence: 'Speak TLS to the brokers.' },
  kafkaTlsCaFile: { env: 'KAFKA_TLS_CA_FILE', kind: 'file', default: '', group: 'Kafka', sentence: 'PEM file of the authorities that sign the brokers\' certificates. Empty: the system\'s.' },
  kafkaTlsCertFile: { env: 'KAFKA_TLS_CERT_FILE', kind: 'file', default: '', group: 'Kafka', sentence: 'PEM file of the client certificate (mutual TLS).' },
  kafkaTlsKeyFile: { env: 'KAFKA_TLS_KEY_FILE', kind: 'file', default: '', group: 'Kafka', sentence: 'PEM file of the client certificate\'s key.' },
  kafkaSaslMechanism: { env: 'KAFKA_SASL_MECHANISM', kind: 'enum', values: ['none', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'], default: 'none', group: 'Kafka', sentence: 'How the gateway authenticates to the brokers. oauthbearer needs KAFKA_SASL_TOKEN_FILE, the others a user name and a password.' },
  kafkaSaslUsername: { env: 'KAFKA_SASL_USERNAME', kind: 'string', default: '', maxLength: 256, group: 'Kafka', sentence: 'User name for SASL.' },
  kafkaSaslUsernameFile: { env: 'KAFKA_SASL_USERNAME_FILE', kind: 'file', default: '', group: 'Kafka', sentence: 'File that holds the user name for SASL; read anew at each connection, so that it may rotate.' },
  kafkaSaslPassword: { env: 'KAFKA_SASL_PASSWORD', kind: 'secret', default: '', maxLength: 1024, group: 'Kafka', sentence: 'Password for SASL; prefer the file.' },
  kafkaSaslPasswordFile: { env: 'KAFKA_SASL_PASSWORD_FILE', kind: 'file', default: '', group: 'Kafka', sentence: 'File that holds the SASL password; read anew at each connection, so that it may rotate.' },
  kafkaSaslTokenFile: { env: 'KAFKA_SASL_TOKEN_FILE', kind: 'file', default: '', group: 'Kafka', sentence: 'File that holds the token for oauthbearer; read anew at each authentication, so that it may rotate in place.' },
  kafkaClientRack: { env: 'KAFKA_CLIENT_RACK', kind: 'string', default: '', maxLength: 128, group: 'Kafka', sentence: 'Where this pod is, in the words of the brokers\' broker.rack: it then reads from the replica that is nearest. Empty: from leaders.' },
  kafkaFetchWaitMs: { env: 'KAFKA_FETCH_WAIT_MS', kind: 'integer', default: 250, min: 10, max: 5_000, group: 'Kafka', sentence: 'Longest time that a broker holds an empty fetch.' },
  kafkaStallTimeoutMs: { env: 'KAFKA_STALL_TIMEOUT_MS', kind: 'integer', default: 15_000, min: 1_000, max: 600_000, group: 'Kafka', sentence: 'How long a leader may be late with an answer, and a partition may stand while it has records, before the connection is replaced.' },
  kafkaUnreadyAfterMs: { env: 'KAFKA_UNREADY_AFTER_MS', kind: 'integer', default: 60_000, min: 1_000, max: 3_600_000, group: 'Kafka', sentence: 'How long a pod that can read nothing at all stays ready.' },
  kafkaProduceTimeoutMs: { env: 'KAFKA_PRODUCE_TIMEOUT_MS', kind: 'integer', default: 15_000, min: 100, max: 120_000, group: 'Kafka', sentence: 'How long an emit waits for the acknowledgement of all in-sync replicas before it is answered 503. Keep it above the brokers\' broker.session.timeout.ms (9 s), for which they wait for a replica that died.' },
  kafkaDlq: { env: 'KAFKA_DLQ', kind: 'boolean', default: true, group: 'Kafka', sentence: 'Whether records that cannot be decoded are copied to the dead letter topic, once for all pods.' },
  kafkaDlqTopic: { env: 'KAFKA_DLQ_TOPIC', kind: 'string', default: '', pattern: '^[A-Za-z0-9._-]{0,249}$', inWords: 'letters, digits and . _ -, 249 at most', group: 'Kafka', sentence: 'The dead letter topic. Empty: the topic\'s name with .dlq behind it.' },
  kafkaDlqRatePerS: { env: 'KAFKA_DLQ_RATE_PER_S', kind: 'integer', default: 100, min: 1, max: 10_000, group: 'Kafka', sentence: 'How many records a pod copies to the dead letter topic per second, ten times as many at once. What is above is counted in summaries.' },
  // ---- authentication
  jwtJwksUri: { env: 'JWT_JWKS_URI', kind: 'url', default: '', group: 'Authentication', sentence: 'Where the keys that verify tokens are published (JSON Web Key Set).' },
  jwtKeysFile: { env: 'JWT_KEYS_FILE', kind: 'file', default: '', group: 'Authentication', sentence: 'File with the keys that verify tokens: a JSON Web Key Set, or PEM public keys or certificates. Read again when it changes.' },
  jwtIssuer: { env: 'JWT_ISSUER', kind: 'string', default: '', maxLength: 512, group: 'Authentication', sentence: 'The only `iss` that is believed. Required outside development mode.' },
  jwtAudience: { env: 'JWT_AUDIENCE', kind: 'list', default: [], maxItems: 16, group: 'Authentication', sentence: 'A token must name one of these in `aud` (or, without `aud`, in JWT_AUDIENCE_CLAIM). Required outside development mode.' },
  jwtAudienceClaim: { env: 'JWT_AUDIENCE_CLAIM', kind: 'string', default: '', maxLength: 128, group: 'Authentication', sentence: 'Path of the claim that must name one of JWT_AUDIENCE in a token without `aud`: `client_id` for access tokens of Amazon Cognito. Empty: a token without `aud` is refused.' },
  jwtTypes: { env: 'JWT_TYPES', kind: 'list', default: [], maxItems: 16, items: 'token-type', group: 'Authentication', sentence: 'A token must be of one of these types (`typ` in its header), as `at+jwt` for access tokens of RFC 9068. Empty: of any type, or none.' },
  jwtAlgorithms: { env: 'JWT_ALGORITHMS', kind: 'list', default: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'], maxItems: 12, values: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'], group: 'Authentication', sentence: 'Signature algorithms that are believed; Ed25519 is the newer name of EdDSA. Symmetric ones and `none` cannot be allowed.' },
  jwtClockToleranceMs: { env: 'JWT_CLOCK_TOLERANCE_MS', kind: 'integer', default: 5_000, min: 0, max: 300_000, group: 'Authentication', sentence: 'How far clocks may be apart when `exp`, `nbf` and `iat` are judged.' },
  jwtCookie: { env: 'JWT_COOKIE', kind: 'string', default: 'cs_jwt', pattern: '^[!#$%&\'*+.^_`|~0-9A-Za-z-]{1,128}$', inWords: 'letters, digits and other characters of an HTTP token (RFC 9110, section 5.6.2), 128 at most', group: 'Authentication', sentence: 'Name of the cookie that may hold the token.' },
  jwtClaimUserId: { env: 'JWT_CLAIM_USER_ID', kind: 'string', default: 'user_id', maxLength: 128, group: 'Authentication', sentence: 'Path of the claim with the user id (dots go into objects, unless they are part of a name); a token without it is refused.' },
  jwtClaimUsername: { env: 'JWT_CLAIM_USERNAME', kind: 'string', default: 'username', maxLength: 128, group: 'Authentication', sentence: 'Path of the claim with the user name.' },
  jwtClaimOrganizationId: { env: 'JWT_CLAIM_ORG_ID', kind: 'string', default: 'org_id', maxLength: 128, group: 'Authentication', sentence: 'Path of the claim with the organization id.' },
  jwtClaimAccountNumber: { env: 'JWT_CLAIM_ACCOUNT_NUMBER', kind: 'string', default: 'account_number', maxLength: 128, group: 'Authentication', sentence: 'Path of the claim with the account number.' },
  jwtClaimRoles: { env: 'JWT_CLAIM_ROLES', kind: 'string', default: 'roles', maxLength: 128, group: 'Authentication', sentence: 'Path of the claim with the roles (an array of strings, or one string with spaces or commas).' },
  jwksCaFile: { env: 'JWKS_CA_FILE', kind: 'file', default: '', group: 'Authentication', sentence: 'PEM file of the authorities that sign the certificate of JWT_JWKS_URI, and of an https proxy before it; read anew at each fetch, so that it may rotate. Empty: the system\'s.' },
  jwksProxy: { env: 'JWKS_PROXY', kind: 'url', default: '', maxLength: 2_048, group: 'Authentication', sentence: 'Proxy through which JWT_JWKS_URI is fetched, as http://proxy.example:3128. Empty: it is fetched directly.' },
  jwksTimeoutMs: { env: 'JWKS_TIMEOUT_MS', kind: 'integer', default: 3_000, min: 100, max: 30_000, group: 'Authentication', sentence: 'How long a fetch of the key set may take. Keys that were fetched before go on working when it fails.' },
  jwksRefreshMs: { env: 'JWKS_REFRESH_MS', kind: 'integer', default: 600_000, min: 1_000, max: 86_400_000, group: 'Authentication', sentence: 'Age at which the key set is fetched again.' },
  jwksCooldownMs: { env: 'JWKS_COOLDOWN_MS', kind: 'integer', default: 10_000, min: 100, max: 600_000, group: 'Authentication', sentence: 'Least time between two fetches that tokens with unknown key ids can cause.' },
  allowedOrigins: { env: 'ALLOWED_ORIGINS', kind: 'list', default: [], maxItems: 256, items: 'origin', group: 'Authentication', sentence: 'Origins (scheme://host[:port]) whose pages may connect and emit. Required outside development mode; in it, every page of this machine may.' },
  dangerouslyAllowAnyOrigin: { env: 'DANGEROUSLY_ALLOW_ANY_ORIGIN', kind: 'boolean', default: false, group: 'Authentication', sentence: 'Lets pages of any site connect with the user\'s cookie. Never with cookies that carry authority.' },
  corsRequestHeaders: { env: 'CORS_REQUEST_HEADERS', kind: 'list', default: [], maxItems: 64, items: 'request-header', group: 'Authentication', sentence: 'Request headers that pages may send besides those that the gateway reads and those of tracing libraries. The gateway ignores them.' },
  // ---- emit
  emitScopes: { env: 'EMIT_SCOPES', kind: 'list', default: ['carillon.emit'], maxItems: 32, group: 'Emit', sentence: 'A token may emit when it has one of these scopes (`scope` or `scp`).' },
  emitTrustXRhIdentity: { env: 'EMIT_TRUST_X_RH_IDENTITY', kind: 'boolean', default: false, group: 'Emit', sentence: 'Believe the x-rh-identity header. Only where a proxy sets it and nobody else can reach this port.' },
  maxEventBytes: { env: 'MAX_EVENT_BYTES', kind: 'integer', default: 262_144, min: 1_024, max: 8_388_608, group: 'Emit', sentence: 'Largest event that is accepted by the emit API or delivered from the log.' },
  emitMaxBatch: { env: 'EMIT_MAX_BATCH', kind: 'integer', default: 100, min: 1, max: 10_000, group: 'Emit', sentence: 'Most events in one batch.' },
  emitMaxBodyBytes: { env: 'EMIT_MAX_BODY_BYTES', kind: 'integer', default: 1_048_576, min: 1_024, max: 67_108_864, group: 'Emit', sentence: 'Largest request body.' },
  emitRatePerS: { env: 'EMIT_RATE_PER_S', kind: 'integer', default: 1_000, min: 1, max: 1_000_000, group: 'Emit', sentence: 'Events per second that one emitter may sustain; more is answered 429.' },
  emitBurst: { env: 'EMIT_BURST', kind: 'integer', default: 2_000, min: 1, max: 1_000_000, group: 'Emit', sentence: 'Events that one emitter may send at once.' },
  emitMaxInFlight: { env: 'EMIT_MAX_IN_FLIGHT', kind: 'integer', default: 5_000, min: 1, max: 1_000_000, group: 'Emit', sentence: 'Events that may wait for the broker\'s acknowledgement in this pod; more is answered 503.' },
  // ---- replay
  replayWindowMs: { env: 'REPLAY_WINDOW_MS', kind: 'integer', default: 300_000, min: 1_000, max: 86_400_000, group: 'Replay', sentence: 'Age up to which events are held for clients that resume, and how far back a pod reads before it is ready.' },
  replayMaxBytes: { env: 'REPLAY_MAX_BYTES', kind: 'integer', default: 67_108_864, min: 65_536, max: 8_589_934_592, group: 'Replay', sentence: 'Memory that held events may take.' },
  deduplicationWindowMs: { env: 'DEDUPLICATION_WINDOW_MS', kind: 'integer', default: 300_000, min: 0, max: 86_400_000, group: 'Replay', sentence: 'An event with the source and id of one less old than this is not delivered again. 0 turns it off.' },
  deduplicationMaxIds: { env: 'DEDUPLICATION_MAX_IDS', kind: 'integer', default: 200_000, min: 1_000, max: 10_000_000, group: 'Replay', sentence: 'How many sources and ids are remembered for that; the oldest go first.' },
  // ---- sessions
  maxConnections: { env: 'MAX_CONNECTIONS', kind: 'integer', default: 15_000, min: 1, max: 1_000_000, group: 'Sessions', sentence: 'Connections of this pod.' },
  maxConnectionsPerUser: { env: 'MAX_CONNECTIONS_PER_USER', kind: 'integer', default: 50, min: 1, max: 100_000, group: 'Sessions', sentence: 'Connections of one user to this pod.' },
  upgradeRatePerS: { env: 'UPGRADE_RATE_PER_S', kind: 'integer', default: 1_000, min: 1, max: 1_000_000, group: 'Sessions', sentence: 'Connections with a good token that this pod takes per second. As many tokens that were not verified before are verified.' },
  upgradeBurst: { env: 'UPGRADE_BURST', kind: 'integer', default: 5_000, min: 1, max: 1_000_000, group: 'Sessions', sentence: 'Connections with a good token that this pod takes at once, and tokens that it verifies at once.' },
  handshakeTimeoutMs: { env: 'HANDSHAKE_TIMEOUT_MS', kind: 'integer', default: 10_000, min: 100, max: 120_000, group: 'Sessions', sentence: 'How long a client may take to send a request\'s head.' },
  heartbeatIntervalMs: { env: 'HEARTBEAT_INTERVAL_MS', kind: 'integer', default: 25_000, min: 1_000, max: 600_000, group: 'Sessions', sentence: 'How often each connection is pinged, and told a bookmark when it has missed nothing.' },
  heartbeatTimeoutMs: { env: 'HEARTBEAT_TIMEOUT_MS', kind: 'integer', default: 15_000, min: 500, max: 600_000, group: 'Sessions', sentence: 'A peer that has not answered a ping for this long is dead.' },
  socketBufferBytes: { env: 'SOCKET_BUFFER_BYTES', kind: 'integer', default: 65_536, min: 1_024, max: 16_777_216, group: 'Sessions', sentence: 'Bytes that may wait for one slow connection; beyond that it reads from the replay log, later.' },
  maxInboundFrameBytes: { env: 'MAX_INBOUND_FRAME_BYTES', kind: 'integer', default: 4_096, min: 128, max: 1_048_576, group: 'Sessions', sentence: 'Largest frame that a client may send. What clients send is read and ignored.' },
  inboundFramesPerS: { env: 'INBOUND_FRAMES_PER_S', kind: 'integer', default: 10, min: 1, max: 10_000, group: 'Sessions', sentence: 'Frames per second that a client may sustain.' },
  inboundFramesBurst: { env: 'INBOUND_FRAMES_BURST', kind: 'integer', default: 50, min: 1, max: 10_000, group: 'Sessions', sentence: 'Frames that a client may send at once.' },
  closeTimeoutMs: { env: 'CLOSE_TIMEOUT_MS', kind: 'integer', default: 2_000, min: 50, max: 60_000, group: 'Sessions', sentence: 'A peer that does not answer a close for this long is cut off.' },
  tokenExpiringNoticeMs: { env: 'TOKEN_EXPIRING_NOTICE_MS', kind: 'integer', default: 30_000, min: 0, max: 3_600_000, group: 'Sessions', sentence: 'How long before its token ends a client that resumes is told.' },
  maxAudienceSize: { env: 'MAX_AUDIENCE_SIZE', kind: 'integer', default: 1_000, min: 1, max: 100_000, group: 'Sessions', sentence: 'Most users, usernames, organizations and roles together that one event may name.' },
  // ---- stopping
  drainDelayMs: { env: 'DRAIN_DELAY_MS', kind: 'integer', default: 0, min: 0, max: 120_000, group: 'Stopping', sentence: 'Between turning unready and closing the first session: the time that proxies need to notice.' },
  drainMs: { env: 'DRAIN_MS', kind: 'integer', default: 5_000, min: 0, max: 600_000, group: 'Stopping', sentence: 'Time over which sessions are closed, in jittered waves.' },
  stopTimeoutMs: { env: 'STOP_TIMEOUT_MS', kind: 'integer', default: 10_000, min: 100, max: 600_000, group: 'Stopping', sentence: 'After the drain, how long the publisher and the consumer may take to end.' },
} as const satisfies OptionTable<'Channel' | 'Listening' | 'Kafka' | 'Authentication' | 'Emit' | 'Replay' | 'Sessions' | 'Stopping'>

export type { Option }

export type OptionName = OptionNameOf<typeof options>

/** The parsed options: frozen, complete, within their bounds. */
export type Options = OptionsOf<typeof options>

/** The options and what follows from them. */
export interface Config extends Options {
  /** No keys are configured and NODE_ENV is not production. */
  readonly isDevelopment: boolean
}
