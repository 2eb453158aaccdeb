import { classAnnotations, classKind, type RealtimeChannelClassSpec } from './realtime-channel-class.ts'
import { apiVersion, channelKind, type RealtimeChannelSpec } from './realtime-channel.ts'

/** Manifest as a user writes it. */
export interface Manifest {
  readonly apiVersion: typeof apiVersion
  readonly kind: typeof channelKind
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: RealtimeChannelSpec
}

const manifest = (name: string, spec: RealtimeChannelSpec): Manifest => ({ apiVersion, kind: channelKind, metadata: { name }, spec })

/** Smallest channel that browsers can connect to, when the operator's options name a Kafka cluster. */
export const minimalExample = manifest('chrome-service', {
  auth: {
    jwks: { uri: 'https://sso.example.com/realms/main/protocol/openid-connect/certs' },
    issuer: 'https://sso.example.com/realms/main',
    audience: ['console'],
    allowedOrigins: ['https://console.example.com'],
  },
  route: { host: 'console.example.com', tls: {} },
})

/** Together with the two examples below: every field. */
export const ingressExample = manifest('notifications', {
  className: 'edge',
  kafka: {
    bootstrapServers: ['kafka-bootstrap.kafka.svc:9093'],
    tls: { caSecretRef: { name: 'kafka-ca', key: 'ca.crt' }, clientSecretRef: { name: 'kafka-client' } },
    sasl: { mechanism: 'scram-sha-512', secretRef: { name: 'kafka-user', usernameKey: 'username', passwordKey: 'password' } },
  },
  topic: {
    name: 'platform.notifications',
    partitions: 6,
    replicas: 3,
    retention: '1h',
    config: { 'min.insync.replicas': '2' },
    deadLetters: { enabled: true, name: 'platform.notifications.dlq', retention: '168h' },
    control: { enabled: true, name: 'platform.notifications.control' },
    deletionPolicy: 'Retain',
  },
  gateway: {
    replicas: 3,
    resources: { requests: { cpu: '500m', memory: '256Mi' }, limits: { memory: '512Mi' } },
    image: 'registry.example.com/carillon:0.1.0',
    imagePullPolicy: 'IfNotPresent',
    imagePullSecrets: [{ name: 'registry' }],
    drainSeconds: 30,
    logLevel: 'info',
    heartbeat: '20s',
    env: [{ name: 'HEARTBEAT_TIMEOUT_MS', value: '10000' }],
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'edge', effect: 'NoSchedule' }],
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: { matchExpressions: [{ key: 'edge', operator: 'Exists' }] } },
        ],
      },
    },
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' }],
    priorityClassName: 'edge',
    podUser: 'Fixed',
    podLabels: { team: 'edge' },
    podAnnotations: { 'example.com/owner': 'edge' },
  },
  network: {
    ingressFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } }],
    metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    egress: {
      dns: { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }], ports: [53] },
      kafka: { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kafka' } } }], ports: [9093] },
      keys: { to: [{ ipBlock: { cidr: '10.30.0.0/16' } }], ports: [443] },
      traces: { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }], ports: [4318] },
      others: [{ to: [{ ipBlock: { cidr: '10.20.0.0/16' } }], ports: [{ protocol: 'TCP', port: 15012 }] }],
    },
  },
  service: { ipFamilyPolicy: 'PreferDualStack', annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } },
  auth: {
    jwks: { secretRef: { name: 'token-keys', key: 'jwks.json' } },
    issuer: 'https://sso.example.com/realms/main',
    audience: ['console'],
    audienceClaim: 'client_id',
    tokenTypes: ['at+jwt'],
    algorithms: ['RS256', 'ES256'],
    claims: {
      userId: 'user_id',
      username: 'username',
      organizationId: 'org_id',
      accountNumber: 'account_number',
      roles: 'realm_access.roles',
    },
    cookieName: 'cs_jwt',
    allowedOrigins: ['https://console.example.com'],
    allowedRequestHeaders: ['x-request-source'],
    dangerouslyAllowAnyOrigin: false,
  },
  upstream: {
    topic: {
      name: 'platform.notifications.upstream',
      partitions: 6,
      replicas: 3,
      retention: '168h',
      config: { 'min.insync.replicas': '2' },
    },
    accept: [
      {
        type: 'notification.read',
        maxBytes: 1024,
        ratePerUser: 10,
        burst: 50,
        roles: ['reader'],
        schema: { type: 'object', required: ['id'], properties: { id: { type: 'string', maxLength: 64 } }, additionalProperties: false },
        deliverTo: 'self',
      },
    ],
  },
  emit: { scopes: ['carillon.emit'], trustXRhIdentity: false, ratePerSecond: 1000, maxBatch: 100, burst: 2000 },
  replay: { window: '10m', maxBytes: '128Mi' },
  limits: {
    connectionsPerPod: 10_000,
    connectionsPerUser: 20,
    connectionsPerSecond: 500,
    connectionsBurst: 2000,
    eventBytes: 262_144,
    audienceMembers: 1000,
  },
  tracing: { endpoint: 'http://otel-collector.monitoring:4318', protocol: 'http/protobuf', samplePercent: 10 },
  route: {
    type: 'Ingress',
    host: 'console.example.com',
    paths: { socket: '/wss/notifications', api: '/api/notifications' },
    className: 'traefik',
    tls: { secretName: 'console-tls' },
    annotations: { 'cert-manager.io/cluster-issuer': 'main' },
    labels: { team: 'edge' },
  },
})

/** The other choice wherever there is one: Gateway API, autoscaling, keys from a ConfigMap. */
export const gatewayApiExample = manifest('orders', {
  upstream: { accept: [{ typePrefix: 'order.', deliverTo: 'organization' }] },
  gateway: { autoscaling: { minReplicas: 2, maxReplicas: 10, targetCPUUtilizationPercent: 70 } },
  auth: {
    jwks: { configMapRef: { name: 'token-keys', key: 'jwks.json' } },
    resumeTickets: { secretRef: { name: 'orders-tickets', key: 'keys' } },
    issuer: 'https://sso.example.com/realms/main',
    audience: ['orders'],
    allowedOrigins: ['https://shop.example.com'],
  },
  route: {
    type: 'HTTPRoute',
    host: 'shop.example.com',
    parentRefs: [{ name: 'public', namespace: 'gateways', sectionName: 'https', port: 443 }],
    tls: {},
  },
})

/** In a company of its own authorities, behind its proxy. */
export const companyExample = manifest('billing', {
  network: {
    proxy: { httpsProxy: 'http://proxy.example.com:3128', httpProxy: 'http://proxy.example.com:3128', noProxy: ['svc', '10.0.0.0/8'] },
  },
  auth: {
    jwks: {
      uri: 'https://sso.corp.example.com/realms/main/protocol/openid-connect/certs',
      caConfigMapRef: { name: 'company-ca', key: 'ca.crt' },
    },
    issuer: 'https://sso.corp.example.com/realms/main',
    audience: ['billing'],
    allowedOrigins: ['https://billing.example.com'],
  },
  route: { host: 'billing.example.com', tls: {} },
})

/** A class as a platform team writes it. */
export interface ClassManifest {
  readonly apiVersion: typeof apiVersion
  readonly kind: typeof classKind
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: RealtimeChannelClassSpec
}

/** A channel of this class is five lines. */
export const smallClassExample: ClassManifest = {
  apiVersion,
  kind: classKind,
  metadata: { name: 'default', annotations: { [classAnnotations.isDefault]: 'true' } },
  spec: {
    defaults: {
      auth: {
        jwks: { uri: 'https://sso.example.com/realms/main/protocol/openid-connect/certs' },
        issuer: 'https://sso.example.com/realms/main',
        audience: ['console'],
        allowedOrigins: ['https://console.example.com'],
      },
      route: { host: 'NAMESPACE.apps.example.com', tls: {} },
    },
  },
}

/** Every bound that there is. */
export const classExample: ClassManifest = {
  apiVersion,
  kind: classKind,
  metadata: { name: 'edge' },
  spec: {
    defaults: {
      kafka: { bootstrapServers: ['kafka-bootstrap.kafka.svc:9093'], tls: { caSecretRef: { name: 'kafka-ca' } } },
      topic: { retention: '1h', config: { 'min.insync.replicas': '2' } },
      gateway: { resources: { requests: { cpu: '250m' } }, priorityClassName: 'edge' },
      replay: { window: '10m' },
      route: {
        className: 'traefik',
        paths: { socket: '/wss/NAMESPACE/NAME', api: '/api/NAMESPACE/NAME' },
        tls: {},
        annotations: { 'cert-manager.io/cluster-issuer': 'main' },
      },
    },
    allowed: {
      topics: ['NAMESPACE.*', 'platform.NAMESPACE.*'],
      adopt: true,
      deletion: 'Never',
      maxPartitions: 48,
      bootstrapServers: ['kafka.NAMESPACE.svc:9092'],
      hosts: ['*.apps.example.com'],
      pathPrefixes: ['/NAMESPACE'],
      routeAnnotations: ['nginx.ingress.kubernetes.io/proxy-*'],
      routeLabels: ['team'],
      serviceAnnotations: ['networking.istio.io/*'],
      images: ['registry.example.com/carillon:*'],
      maxReplicas: 20,
      maxResources: { cpu: '4', memory: '8Gi' },
      env: ['HEARTBEAT_TIMEOUT_MS', 'OTEL_*'],
      scheduling: {
        nodeSelector: ['kubernetes.io/os', 'pool=edge'],
        tolerations: ['dedicated=edge'],
        priorityClassNames: ['edge'],
        affinity: true,
      },
      podMetadata: { labels: ['team'], annotations: ['example.com/*'] },
      networkPeers: true,
      upstream: true,
      namespaces: {
        matchLabels: { 'example.com/edge': 'true' },
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
      },
    },
  },
}
