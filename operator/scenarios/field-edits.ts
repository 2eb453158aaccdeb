import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { ingressExample } from '../../api/v1alpha1/examples.ts'

/** One field of a channel's `spec`, a new value for it, and all effects. */
export interface FieldEdit {
  /** Merge patch of the `spec`, on top of the earlier edits. */
  readonly edit: object
  /** All paths in the channel's objects that change. `env X` and `pod X` are in the Deployment's pod template. */
  readonly changes: readonly string[]
  /** All paths in the topic that change. @default none */
  readonly topic?: readonly string[]
}

/** Spec of a channel that sets nearly every field, with the addresses of the cluster's Kafka. */
export function fullSpec(bootstrapServers: readonly string[], host: string): RealtimeChannelSpec {
  const { className: _class, ...spec } = ingressExample.spec
  return {
    ...spec,
    kafka: { bootstrapServers },
    topic: { partitions: 3, retention: '1h', config: { 'max.message.bytes': '2000000' } },
    upstream: { accept: [{ type: 'notification.read' }] },
    route: { ...spec.route, host, className: 'public' },
  }
}

/** The same brokers under another name. For the operator this is another cluster, to which it does not send its own credentials. */
const alias = (bootstrapServers: readonly string[]): readonly string[] =>
  bootstrapServers.map((broker) => broker.replace('127.0.0.1', 'localhost'))

/** The edits in order, each on top of the earlier ones. */
export const fieldEdits = (bootstrapServers: readonly string[]): readonly FieldEdit[] => [
  // ---- kafka
  { edit: { kafka: { bootstrapServers: alias(bootstrapServers) } }, changes: ['env KAFKA_BROKERS'] },
  { edit: { kafka: { bootstrapServers } }, changes: ['env KAFKA_BROKERS'] },
  { edit: { kafka: { tls: {} } }, changes: ['env KAFKA_TLS'] },
  {
    edit: { kafka: { tls: { caSecretRef: { name: 'kafka-ca', key: 'ca.crt' } } } },
    changes: [
      'env KAFKA_TLS_CA_FILE',
      'pod volumeMounts.files-0.mountPath',
      'pod volumeMounts.files-1',
      'pod volumes.files-0.secret.items',
      'pod volumes.files-0.secret.secretName',
      'pod volumes.files-1',
    ],
  },
  { edit: { kafka: { tls: { caSecretRef: { key: 'bundle.pem' } } } }, changes: ['pod volumes.files-0.secret.items'] },
  {
    edit: { kafka: { tls: { clientSecretRef: { name: 'kafka-client' } } } },
    changes: [
      'env KAFKA_TLS_CERT_FILE',
      'env KAFKA_TLS_KEY_FILE',
      'pod volumeMounts.files-1.mountPath',
      'pod volumeMounts.files-2',
      'pod volumes.files-1.secret.items',
      'pod volumes.files-1.secret.secretName',
      'pod volumes.files-2',
    ],
  },
  {
    edit: { kafka: { sasl: { mechanism: 'scram-sha-512', secretRef: { name: 'kafka-user' } } } },
    changes: [
      'env KAFKA_SASL_MECHANISM',
      'env KAFKA_SASL_PASSWORD_FILE',
      'env KAFKA_SASL_USERNAME_FILE',
      'pod volumeMounts.files-2.mountPath',
      'pod volumeMounts.files-3',
      'pod volumes.files-2.secret.items',
      'pod volumes.files-2.secret.secretName',
      'pod volumes.files-3',
    ],
  },
  { edit: { kafka: { sasl: { mechanism: 'plain' } } }, changes: ['env KAFKA_SASL_MECHANISM'] },
  { edit: { kafka: { sasl: { secretRef: { name: 'kafka-user-2' } } } }, changes: ['pod volumes.files-2.secret.secretName'] },
  { edit: { kafka: { sasl: { secretRef: { usernameKey: 'user' } } } }, changes: ['pod volumes.files-2.secret.items'] },
  { edit: { kafka: { sasl: { secretRef: { passwordKey: 'pass' } } } }, changes: ['pod volumes.files-2.secret.items'] },
  // ---- topic
  { edit: { topic: { partitions: 4 } }, changes: [], topic: ['partitions'] },
  { edit: { topic: { retention: '2h' } }, changes: [], topic: ['config.retention.ms'] },
  { edit: { topic: { config: { 'segment.ms': '60000' } } }, changes: [], topic: ['config.segment.ms'] },
  { edit: { topic: { config: { 'max.message.bytes': null } } }, changes: [], topic: ['config.max.message.bytes'] },
  { edit: { topic: { deletionPolicy: 'Delete' } }, changes: [] },
  { edit: { topic: { deadLetters: { retention: '48h' } } }, changes: [] },
  { edit: { topic: { deadLetters: { enabled: false } } }, changes: ['env KAFKA_DLQ'] },
  { edit: { topic: { control: { enabled: false } } }, changes: ['env KAFKA_CONTROL_TOPIC'] },
  // ---- upstream
  { edit: { upstream: { topic: { partitions: 5 } } }, changes: [] },
  { edit: { upstream: { topic: { retention: '48h' } } }, changes: [] },
  { edit: { upstream: { topic: { config: { 'segment.ms': '60000' } } } }, changes: [] },
  { edit: { upstream: { accept: [{ typePrefix: 'notification.' }] } }, changes: ['env UPSTREAM_ACCEPT'] },
  { edit: { upstream: null }, changes: ['env KAFKA_UPSTREAM_TOPIC', 'env UPSTREAM', 'env UPSTREAM_ACCEPT'] },
  // ---- gateway
  { edit: { gateway: { replicas: 4 } }, changes: ['Deployment.spec.replicas'] },
  { edit: { gateway: { resources: { requests: { cpu: '600m' } } } }, changes: ['pod resources.requests.cpu'] },
  { edit: { gateway: { resources: { limits: { memory: '640Mi' } } } }, changes: ['pod resources.limits.memory'] },
  { edit: { gateway: { image: 'registry.example.com/carillon:0.2.0' } }, changes: ['pod image'] },
  { edit: { gateway: { imagePullPolicy: 'Always' } }, changes: ['pod imagePullPolicy'] },
  {
    edit: { gateway: { imagePullSecrets: [{ name: 'other' }] } },
    changes: ['pod imagePullSecrets.other', 'pod imagePullSecrets.registry'],
  },
  { edit: { gateway: { drainSeconds: 45 } }, changes: ['env DRAIN_MS', 'pod terminationGracePeriodSeconds'] },
  { edit: { gateway: { heartbeat: '30s' } }, changes: ['env HEARTBEAT_INTERVAL_MS'] },
  { edit: { gateway: { logLevel: 'warn' } }, changes: ['env LOG_LEVEL'] },
  { edit: { gateway: { env: [{ name: 'HEARTBEAT_TIMEOUT_MS', value: '14000' }] } }, changes: ['env HEARTBEAT_TIMEOUT_MS'] },
  { edit: { gateway: { nodeSelector: { 'kubernetes.io/arch': 'arm64' } } }, changes: ['pod nodeSelector.kubernetes.io/arch'] },
  { edit: { gateway: { tolerations: [] } }, changes: ['pod tolerations'] },
  { edit: { gateway: { affinity: null } }, changes: ['pod affinity.nodeAffinity', 'pod affinity.podAntiAffinity'] },
  { edit: { gateway: { topologySpreadConstraints: null } }, changes: ['pod topologySpreadConstraints'] },
  { edit: { gateway: { priorityClassName: 'core' } }, changes: ['pod priorityClassName'] },
  { edit: { gateway: { podLabels: { stage: 'canary' } } }, changes: ['pod metadata.labels.stage'] },
  { edit: { gateway: { podAnnotations: { 'example.com/owner': 'core' } } }, changes: ['pod metadata.annotations.example.com/owner'] },
  {
    edit: { gateway: { podUser: 'Assigned' } },
    changes: [
      'pod securityContext.fsGroup',
      'pod securityContext.runAsGroup',
      'pod securityContext.runAsUser',
      'pod volumes.files-0.secret.defaultMode',
      'pod volumes.files-1.secret.defaultMode',
      'pod volumes.files-2.secret.defaultMode',
      'pod volumes.files-3.secret.defaultMode',
    ],
  },
  {
    edit: { gateway: { podUser: 'Fixed' } },
    changes: [
      'pod securityContext.fsGroup',
      'pod securityContext.runAsGroup',
      'pod securityContext.runAsUser',
      'pod volumes.files-0.secret.defaultMode',
      'pod volumes.files-1.secret.defaultMode',
      'pod volumes.files-2.secret.defaultMode',
      'pod volumes.files-3.secret.defaultMode',
    ],
  },
  // ---- network
  { edit: { network: { ingressFrom: [{ ipBlock: { cidr: '10.0.0.0/8' } }] } }, changes: ['NetworkPolicy.spec.ingress'] },
  { edit: { network: { metricsFrom: [] } }, changes: ['NetworkPolicy.spec.ingress'] },
  { edit: { network: { egress: { kafka: { ports: [9092, 9093] } } } }, changes: ['NetworkPolicy.spec.egress'] },
  { edit: { network: { egress: null } }, changes: ['NetworkPolicy.spec.egress', 'NetworkPolicy.spec.policyTypes'] },
  // ---- service
  { edit: { service: { annotations: { 'example.com/mesh': 'on' } } }, changes: ['Service.metadata.annotations.example.com/mesh'] },
  { edit: { service: { ipFamilyPolicy: 'SingleStack' } }, changes: ['Service.spec.ipFamilyPolicy'] },
  // ---- auth
  { edit: { auth: { jwks: { secretRef: { name: 'keys-2' } } } }, changes: ['pod volumes.files-3.secret.secretName'] },
  { edit: { auth: { jwks: { secretRef: { key: 'keys.pem' } } } }, changes: ['pod volumes.files-3.secret.items'] },
  {
    edit: { auth: { jwks: { secretRef: null, configMapRef: { name: 'keys-3' } } } },
    changes: ['pod volumes.files-3.configMap', 'pod volumes.files-3.secret'],
  },
  { edit: { auth: { jwks: { configMapRef: { key: 'keys.pem' } } } }, changes: ['pod volumes.files-3.configMap.items'] },
  {
    edit: { auth: { jwks: { configMapRef: null, uri: 'https://sso.example.com/keys' } } },
    changes: ['env JWT_JWKS_URI', 'env JWT_KEYS_FILE', 'pod volumeMounts.files-3', 'pod volumes.files-3'],
  },
  { edit: { network: { proxy: { httpsProxy: 'http://proxy.example.com:3128' } } }, changes: ['env JWKS_PROXY'] },
  { edit: { network: { proxy: { httpProxy: 'http://proxy.example.com:3128' } } }, changes: [] },
  { edit: { network: { proxy: { noProxy: ['example.com'] } } }, changes: ['env JWKS_PROXY'] },
  {
    edit: { auth: { jwks: { caSecretRef: { name: 'company-ca' } } } },
    changes: ['env JWKS_CA_FILE', 'pod volumeMounts.files-3', 'pod volumes.files-3'],
  },
  { edit: { auth: { jwks: { caSecretRef: { key: 'bundle.pem' } } } }, changes: ['pod volumes.files-3.secret.items'] },
  {
    edit: { auth: { jwks: { caSecretRef: null, caConfigMapRef: { name: 'company-ca' } } } },
    changes: ['pod volumes.files-3.configMap', 'pod volumes.files-3.secret'],
  },
  { edit: { auth: { jwks: { caConfigMapRef: { key: 'bundle.pem' } } } }, changes: ['pod volumes.files-3.configMap.items'] },
  {
    edit: { auth: { resumeTickets: { secretRef: { name: 'tickets' } } } },
    changes: ['env TICKET_KEYS_FILE', 'pod volumeMounts.files-4', 'pod volumes.files-4'],
  },
  { edit: { auth: { resumeTickets: { secretRef: { key: 'secrets' } } } }, changes: ['pod volumes.files-4.secret.items'] },
  {
    edit: { auth: { resumeTickets: null } },
    changes: ['env TICKET_KEYS_FILE', 'pod volumeMounts.files-4', 'pod volumes.files-4'],
  },
  { edit: { auth: { issuer: 'https://sso2.example.com' } }, changes: ['env JWT_ISSUER'] },
  { edit: { auth: { audience: ['console', 'mobile'] } }, changes: ['env JWT_AUDIENCE'] },
  { edit: { auth: { audienceClaim: 'azp' } }, changes: ['env JWT_AUDIENCE_CLAIM'] },
  { edit: { auth: { tokenTypes: ['at+jwt', 'jwt'] } }, changes: ['env JWT_TYPES'] },
  { edit: { auth: { allowedRequestHeaders: ['x-source'] } }, changes: ['env CORS_REQUEST_HEADERS'] },
  { edit: { auth: { algorithms: ['ES256'] } }, changes: ['env JWT_ALGORITHMS'] },
  { edit: { auth: { claims: { userId: 'sub' } } }, changes: ['env JWT_CLAIM_USER_ID'] },
  { edit: { auth: { claims: { username: 'preferred_username' } } }, changes: ['env JWT_CLAIM_USERNAME'] },
  { edit: { auth: { claims: { organizationId: 'org' } } }, changes: ['env JWT_CLAIM_ORG_ID'] },
  { edit: { auth: { claims: { accountNumber: 'acct' } } }, changes: ['env JWT_CLAIM_ACCOUNT_NUMBER'] },
  { edit: { auth: { claims: { roles: 'roles' } } }, changes: ['env JWT_CLAIM_ROLES'] },
  { edit: { auth: { cookieName: 'session' } }, changes: ['env JWT_COOKIE'] },
  { edit: { auth: { allowedOrigins: ['https://console.example.com', 'https://beta.example.com'] } }, changes: ['env ALLOWED_ORIGINS'] },
  {
    edit: { auth: { dangerouslyAllowAnyOrigin: true, allowedOrigins: null } },
    changes: ['env ALLOWED_ORIGINS', 'env DANGEROUSLY_ALLOW_ANY_ORIGIN'],
  },
  // ---- emit, replay, limits
  { edit: { emit: { scopes: ['events.write'] } }, changes: ['env EMIT_SCOPES'] },
  { edit: { emit: { trustXRhIdentity: true } }, changes: ['env EMIT_TRUST_X_RH_IDENTITY'] },
  { edit: { emit: { ratePerSecond: 900 } }, changes: ['env EMIT_RATE_PER_S'] },
  { edit: { emit: { burst: 3000 } }, changes: ['env EMIT_BURST'] },
  { edit: { emit: { maxBatch: 50 } }, changes: ['env EMIT_MAX_BATCH'] },
  { edit: { replay: { window: '20m' } }, changes: ['env REPLAY_WINDOW_MS'] },
  { edit: { replay: { maxBytes: '256Mi' } }, changes: ['env REPLAY_MAX_BYTES'] },
  { edit: { limits: { connectionsPerPod: 9000 } }, changes: ['env MAX_CONNECTIONS'] },
  { edit: { limits: { connectionsPerUser: 5 } }, changes: ['env MAX_CONNECTIONS_PER_USER'] },
  { edit: { limits: { connectionsPerSecond: 400 } }, changes: ['env UPGRADE_RATE_PER_S'] },
  { edit: { limits: { connectionsBurst: 3000 } }, changes: ['env UPGRADE_BURST'] },
  { edit: { limits: { eventBytes: 131072 } }, changes: ['env MAX_EVENT_BYTES'] },
  { edit: { limits: { audienceMembers: 200 } }, changes: ['env MAX_AUDIENCE_SIZE'] },
  // ---- tracing
  { edit: { tracing: { endpoint: 'http://otel:4318' } }, changes: ['env OTEL_EXPORTER_OTLP_ENDPOINT'] },
  { edit: { tracing: { protocol: 'grpc' } }, changes: ['env OTEL_EXPORTER_OTLP_PROTOCOL'] },
  { edit: { tracing: { samplePercent: 5 } }, changes: ['env OTEL_TRACES_SAMPLER_ARG'] },
  // ---- route
  { edit: { route: { host: 'beta.example.com' } }, changes: ['Ingress.spec.rules', 'Ingress.spec.tls'] },
  { edit: { route: { paths: { socket: '/wss/n' } } }, changes: ['env SOCKET_PATH_PREFIX', 'Ingress.spec.rules'] },
  { edit: { route: { paths: { api: '/api/n' } } }, changes: ['env API_PATH_PREFIX', 'Ingress.spec.rules'] },
  { edit: { route: { className: 'other' } }, changes: ['Ingress.spec.ingressClassName'] },
  { edit: { route: { tls: { secretName: 'beta-tls' } } }, changes: ['Ingress.spec.tls'] },
  { edit: { route: { annotations: { 'example.com/timeout': '1h' } } }, changes: ['Ingress.metadata.annotations.example.com/timeout'] },
  { edit: { route: { labels: { team: 'core' } } }, changes: ['Ingress.metadata.labels.team'] },
]

/** Edits of a channel that has an autoscaler. */
export const autoscalingEdits: readonly FieldEdit[] = [
  { edit: { gateway: { autoscaling: { minReplicas: 3 } } }, changes: ['HorizontalPodAutoscaler.spec.minReplicas'] },
  { edit: { gateway: { autoscaling: { maxReplicas: 12 } } }, changes: ['HorizontalPodAutoscaler.spec.maxReplicas'] },
  { edit: { gateway: { autoscaling: { targetCPUUtilizationPercent: 60 } } }, changes: ['HorizontalPodAutoscaler.spec.metrics'] },
]
