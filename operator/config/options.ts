import { options as gateway } from '../../gateway/config/options.ts'
import type { OptionNameOf, OptionsOf, OptionTable } from '../../program/options/option.ts'

/** RFC 1123 subdomain: the name of most objects. */
const objectName = '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$'

/**
 * Every option of the operator: one table. From it come parsing, `--help` and docs/reference/operator-configuration.md (`bind-options.ts`). The form of
 * a row is in program/options/option.ts. The options of the Kafka connection have the gateway's rows: one name means one thing in both programs.
 */
export const operatorOptions = {
  // ---- scope
  namespaces: {
    env: 'NAMESPACES',
    kind: 'list',
    default: [],
    maxItems: 256,
    items: 'namespace',
    group: 'Scope',
    sentence: 'Namespaces whose channels this operator manages. Empty: all of the cluster.',
  },
  classFile: {
    env: 'CLASS_FILE',
    kind: 'file',
    default: '',
    group: 'Scope',
    sentence:
      'File with a RealtimeChannelClass as JSON, for an operator that may not read classes of the cluster. Channels that name no class have it. Empty: classes are read from the cluster.',
  },
  topicPattern: {
    env: 'TOPIC_PATTERN',
    kind: 'string',
    default: 'NAMESPACE.*',
    pattern: '^[A-Za-z0-9._*-]{1,249}$',
    inWords: 'letters, digits and . _ - *, 249 at most',
    group: 'Scope',
    sentence:
      "Topics that channels without a class may use, dead letter topics included: NAMESPACE and NAME stand for the channel's own, `*` for any characters.",
  },
  topicAdopt: {
    env: 'TOPIC_ADOPT',
    kind: 'boolean',
    default: false,
    group: 'Scope',
    sentence: 'Let channels without a class change topics that the operator did not create for them.',
  },
  topicDeletion: {
    env: 'TOPIC_DELETION',
    kind: 'enum',
    values: ['CreatedOnly', 'Never'],
    default: 'CreatedOnly',
    group: 'Scope',
    sentence:
      'Topics that `deletionPolicy: Delete` of channels without a class deletes. CreatedOnly: those that the operator created for the channel. Never: none.',
  },
  topicMaxPartitions: {
    env: 'TOPIC_MAX_PARTITIONS',
    kind: 'integer',
    default: 32,
    min: 0,
    max: 1_024,
    group: 'Scope',
    sentence: 'Most partitions for a channel without a class. 0: the limit of the schema.',
  },
  // ---- gateways
  gatewayImage: {
    env: 'GATEWAY_IMAGE',
    kind: 'string',
    default: '',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}$',
    inWords: 'an image reference: letters, digits and . _ / : @ -, 512 at most, a letter or digit first',
    group: 'Gateways',
    sentence: 'Image of gateways whose channel names none. Required, except with --release-finalizers. The chart sets it.',
  },
  gatewayPodUser: {
    env: 'GATEWAY_POD_USER',
    kind: 'enum',
    values: ['auto', 'fixed', 'assigned'],
    default: 'auto',
    group: 'Gateways',
    sentence:
      'User, group and fsGroup of gateways whose channel sets none. fixed: 65532 for all three. assigned: the cluster chooses them, as OpenShift does. auto: assigned where the API security.openshift.io is served, else fixed.',
  },
  ingressNamespaces: {
    env: 'INGRESS_NAMESPACES',
    kind: 'list',
    default: [],
    maxItems: 64,
    items: 'namespace',
    group: 'Gateways',
    sentence: 'Namespaces whose pods may reach the public port of gateways: those of the ingress controller and of emitters. Empty: all.',
  },
  metricsNamespaces: {
    env: 'METRICS_NAMESPACES',
    kind: 'list',
    default: [],
    maxItems: 64,
    items: 'namespace',
    group: 'Gateways',
    sentence:
      'Namespaces whose pods may reach the internal port of gateways, with their metrics. Empty: none. The chart sets `monitoring`.',
  },
  // ---- Kafka
  kafkaBrokers: {
    ...gateway.kafkaBrokers,
    sentence: 'host:port of the brokers for channels that name none. Empty: each channel must name its own.',
  },
  kafkaTls: gateway.kafkaTls,
  kafkaTlsCaFile: gateway.kafkaTlsCaFile,
  kafkaTlsCertFile: gateway.kafkaTlsCertFile,
  kafkaTlsKeyFile: gateway.kafkaTlsKeyFile,
  kafkaSaslMechanism: {
    ...gateway.kafkaSaslMechanism,
    sentence:
      'Authentication of the operator to these brokers. Its user must be able to create, describe, alter and delete the topics of channels.',
  },
  kafkaSaslUsername: gateway.kafkaSaslUsername,
  kafkaSaslUsernameFile: gateway.kafkaSaslUsernameFile,
  kafkaSaslPassword: gateway.kafkaSaslPassword,
  kafkaSaslPasswordFile: gateway.kafkaSaslPasswordFile,
  kafkaSaslTokenFile: gateway.kafkaSaslTokenFile,
  topicGiveUpMs: {
    env: 'TOPIC_GIVE_UP_MS',
    kind: 'integer',
    default: 300_000,
    min: 0,
    max: 86_400_000,
    group: 'Kafka',
    sentence:
      'Time that the deletion of a channel waits for a Kafka that does not answer, or refuses. After it the channel is gone and its topic stays.',
  },
  // ---- Kafka for channels
  channelKafkaCaSecret: {
    env: 'CHANNEL_KAFKA_CA_SECRET',
    kind: 'string',
    default: '',
    pattern: objectName,
    inWords: 'lower-case letters, digits, dots and hyphens, 253 at most, a letter or digit first and last',
    group: 'Kafka for channels',
    sentence:
      "Secret in the namespace of each channel that uses KAFKA_BROKERS, with the authorities that sign the brokers' certificates in ca.crt. Empty: those of the system.",
  },
  channelKafkaClientSecret: {
    env: 'CHANNEL_KAFKA_CLIENT_SECRET',
    kind: 'string',
    default: '',
    pattern: objectName,
    inWords: 'lower-case letters, digits, dots and hyphens, 253 at most, a letter or digit first and last',
    group: 'Kafka for channels',
    sentence:
      'Secret in the namespace of each channel that uses KAFKA_BROKERS, with the client certificate of its gateways in tls.crt and tls.key.',
  },
  channelKafkaSaslMechanism: {
    env: 'CHANNEL_KAFKA_SASL_MECHANISM',
    kind: 'enum',
    values: ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
    default: 'none',
    group: 'Kafka for channels',
    sentence: 'Authentication to KAFKA_BROKERS of the gateways of channels that use them.',
  },
  channelKafkaSaslSecret: {
    env: 'CHANNEL_KAFKA_SASL_SECRET',
    kind: 'string',
    default: '',
    pattern: objectName,
    inWords: 'lower-case letters, digits, dots and hyphens, 253 at most, a letter or digit first and last',
    group: 'Kafka for channels',
    sentence: 'Secret in the namespace of each channel that uses KAFKA_BROKERS, with the user of its gateways in username and password.',
  },
  // ---- Kubernetes
  kubeconfig: {
    env: 'KUBECONFIG',
    kind: 'file',
    default: '',
    group: 'Kubernetes',
    sentence: 'File with the address and credentials of the API server. Empty: the service account in a pod, else ~/.kube/config.',
  },
  kubeContext: {
    env: 'KUBE_CONTEXT',
    kind: 'string',
    default: '',
    maxLength: 512,
    group: 'Kubernetes',
    sentence: 'Context of that file. Empty: its current context. Not used with a service account.',
  },
  apiTimeoutMs: {
    env: 'API_TIMEOUT_MS',
    kind: 'integer',
    default: 15_000,
    min: 500,
    max: 60_000,
    group: 'Kubernetes',
    sentence: 'Longest time of one call to the API server, watches excepted.',
  },
  apiMaxInFlight: {
    env: 'API_MAX_IN_FLIGHT',
    kind: 'integer',
    default: 64,
    min: 1,
    max: 1_024,
    group: 'Kubernetes',
    sentence: 'Calls to the API server that may run at once. Further calls wait.',
  },
  watchStaleMs: {
    env: 'WATCH_STALE_MS',
    kind: 'integer',
    default: 300_000,
    min: 90_000,
    max: 3_600_000,
    group: 'Kubernetes',
    sentence: 'Time after which a silent watch is dead, and /livez fails. A server without news sends a bookmark about every minute.',
  },
  // ---- leader election
  leaderElection: {
    env: 'LEADER_ELECTION',
    kind: 'boolean',
    default: true,
    group: 'Leader election',
    sentence:
      'Let one of several operators work while the others stand by. Turn it off only where there is never a second one, not even during a roll-out.',
  },
  leaseName: {
    env: 'LEASE_NAME',
    kind: 'string',
    default: 'carillon-operator',
    pattern: objectName,
    inWords: 'lower-case letters, digits, dots and hyphens, 253 at most, a letter or digit first and last',
    group: 'Leader election',
    sentence: 'Name of the Lease that the leader holds.',
  },
  leaseNamespace: {
    env: 'LEASE_NAMESPACE',
    kind: 'string',
    default: '',
    pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
    inWords: 'lower-case letters, digits and hyphens, 63 at most, no hyphen first or last',
    group: 'Leader election',
    sentence: "Namespace of the Lease. Empty: the pod's own; outside a pod, that of the context.",
  },
  leaseDurationMs: {
    env: 'LEASE_DURATION_MS',
    kind: 'integer',
    default: 15_000,
    min: 1_000,
    max: 600_000,
    group: 'Leader election',
    sentence: 'Time without a renewal after which another operator may take the Lease. It is written in whole seconds, rounded up.',
  },
  renewDeadlineMs: {
    env: 'RENEW_DEADLINE_MS',
    kind: 'integer',
    default: 10_000,
    min: 500,
    max: 600_000,
    group: 'Leader election',
    sentence: 'Time without a successful renewal after which the leader stops working.',
  },
  retryPeriodMs: {
    env: 'RETRY_PERIOD_MS',
    kind: 'integer',
    default: 2_000,
    min: 100,
    max: 120_000,
    group: 'Leader election',
    sentence: 'Time between two renewals by the leader, and between two attempts of the others to take the Lease.',
  },
  podName: {
    env: 'POD_NAME',
    kind: 'string',
    default: '',
    maxLength: 253,
    group: 'Leader election',
    sentence: 'Name of this operator in the Lease and in Events. Empty: the host name.',
  },
  // ---- work
  workers: {
    env: 'WORKERS',
    kind: 'integer',
    default: 8,
    min: 1,
    max: 64,
    group: 'Work',
    sentence: 'Channels that are reconciled at once.',
  },
  reconcileTimeoutMs: {
    env: 'RECONCILE_TIMEOUT_MS',
    kind: 'integer',
    default: 30_000,
    min: 1_000,
    max: 600_000,
    group: 'Work',
    sentence: 'Longest time of one reconcile of a channel. A longer one is given up and retried later.',
  },
  resyncMs: {
    env: 'RESYNC_MS',
    kind: 'integer',
    default: 600_000,
    min: 1_000,
    max: 86_400_000,
    group: 'Work',
    sentence:
      'Time between two reconciles of a channel without news, because topics do not announce changes. Spread over the time, with jitter.',
  },
  // ---- the operator itself
  logLevel: { ...gateway.logLevel, group: 'Operator', sentence: 'Least severe log lines that are written to standard output.' },
  logFormat: {
    env: 'LOG_FORMAT',
    kind: 'enum',
    values: ['json', 'text'],
    default: 'json',
    group: 'Operator',
    sentence: 'json: an object per line, for machines; text: for people.',
  },
  metricsMaxChannels: {
    env: 'METRICS_MAX_CHANNELS',
    kind: 'integer',
    default: 1_000,
    min: 0,
    max: 10_000,
    group: 'Operator',
    sentence:
      'Channels with a series of their own in the metrics (carillon_operator_channel_ready). Channels that are not Ready come first. 0: none.',
  },
  internalHost: {
    ...gateway.internalHost,
    group: 'Operator',
    sentence: 'Address of the internal port. Empty: all addresses, IPv6 and IPv4; IPv4 alone on a machine without IPv6.',
  },
  internalPort: { ...gateway.internalPort, group: 'Operator' },
} as const satisfies OptionTable<
  'Scope' | 'Gateways' | 'Kafka' | 'Kafka for channels' | 'Kubernetes' | 'Leader election' | 'Work' | 'Operator'
>

export type OperatorOptionName = OptionNameOf<typeof operatorOptions>

/** The parsed options: frozen, complete, within their bounds, and kept to `operatorRules`. */
export type OperatorConfig = OptionsOf<typeof operatorOptions>
