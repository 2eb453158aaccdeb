import { withDefaults, type StoredSpec } from '../../api/v1alpha1/realtime-channel.ts'
import type { OperandInput } from '../operands/operand-input.ts'

/** A spec with every default, for the least that a user can write. */
export const minimalSpec: StoredSpec = withDefaults({
  auth: {
    jwks: { uri: 'https://login.example.com/jwks.json' },
    issuer: 'https://login.example.com',
    audience: ['carillon'],
    claims: { roles: 'roles' },
    allowedOrigins: ['https://app.example.com'],
  },
})

/** The input of a channel that asks for as little as can be. */
export function operandInput(changes: Partial<OperandInput> = {}): OperandInput {
  const name = changes.channel?.name ?? 'news'
  return {
    channel: { name, namespace: 'shop', uid: '6a0f5b9c-3a0e-4b1e-9d7c-2f8f5f1c0a11' },
    spec: minimalSpec,
    image: 'registry.example.com/carillon:1.2.3',
    environment: [
      { name: 'CHANNEL', value: name },
      { name: 'NODE_ENV', value: 'production' },
    ],
    files: [],
    ports: { public: 8000, internal: 9000 },
    paths: { socket: `/wss/${name}/v1/ws`, api: `/api/${name}` },
    stopping: { preStopSeconds: 5, terminationGracePeriodSeconds: 35 },
    scaling: { kind: 'fixed', replicas: 2 },
    hasFixedUser: true,
    egress: null,
    peers: { public: null, internal: [] },
    ...changes,
  }
}

type Route = Partial<StoredSpec['route']>
type Gateway = Partial<StoredSpec['gateway']>

export function specWith({
  gateway = {},
  route = {},
  replay = {},
}: {
  gateway?: Gateway
  route?: Route
  replay?: Partial<StoredSpec['replay']>
}): StoredSpec {
  return {
    ...minimalSpec,
    gateway: { ...minimalSpec.gateway, ...gateway },
    route: { ...minimalSpec.route, ...route },
    replay: { ...minimalSpec.replay, ...replay },
  }
}

/** Inputs that show, together, everything that the objects of a channel can have in them. */
export const sampleInputs: Readonly<Record<string, OperandInput>> = {
  minimal: operandInput(),
  everything: operandInput({
    spec: specWith({
      gateway: {
        resources: { requests: { cpu: '1500m', memory: '1024Mi' }, limits: { cpu: 2, memory: '2048Mi', 'ephemeral-storage': '0.5Gi' } },
        imagePullPolicy: 'IfNotPresent',
        imagePullSecrets: [{ name: 'registry' }],
        nodeSelector: { 'kubernetes.io/arch': 'amd64' },
        tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'edge', effect: 'NoSchedule' }],
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              {
                weight: 100,
                podAffinityTerm: {
                  topologyKey: 'kubernetes.io/hostname',
                  matchLabelKeys: ['pod-template-hash'],
                  labelSelector: { matchLabels: { 'app.kubernetes.io/instance': 'news' } },
                },
              },
            ],
          },
        },
        topologySpreadConstraints: [
          { maxSkew: 2, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: { tier: 'edge' } },
          },
        ],
        priorityClassName: 'system-cluster-critical',
        podLabels: { tier: 'edge', 'app.kubernetes.io/name': 'mine' },
        podAnnotations: { 'example.com/team': 'platform' },
      },
      route: {
        type: 'Ingress',
        host: 'live.example.com',
        className: 'traefik',
        tls: { secretName: 'live-tls' },
        annotations: { 'cert-manager.io/cluster-issuer': 'letsencrypt' },
        labels: { team: 'platform', 'app.kubernetes.io/managed-by': 'mine' },
      },
      replay: { maxBytes: '256Mi' },
    }),
    environment: [
      { name: 'CHANNEL', value: 'news' },
      { name: 'KAFKA_SASL_PASSWORD_FILE', value: '/etc/carillon/kafka-sasl/password' },
      { name: 'KAFKA_DLQ_TOPIC', value: '' },
      { name: 'POD_NAME', field: 'metadata.name' },
    ],
    files: [
      { path: '/etc/carillon/kafka-sasl/username', from: { kind: 'Secret', name: 'kafka-user', key: 'user' } },
      { path: '/etc/carillon/kafka-sasl/password', from: { kind: 'Secret', name: 'kafka-user', key: 'password' } },
      { path: '/etc/carillon/keys/jwks.json', from: { kind: 'ConfigMap', name: 'login-keys', key: 'keys.json' } },
    ],
    paths: { socket: '/live/v1/ws', api: '/live-api' },
    scaling: { kind: 'fixed', replicas: 0 },
    peers: {
      public: [
        { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'traefik' } }, podSelector: {} },
        { ipBlock: { cidr: '10.0.0.0/8' } },
      ],
      internal: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    },
  }),
  'http-route': operandInput({
    spec: specWith({
      route: {
        type: 'HTTPRoute',
        host: 'live.example.com',
        parentRefs: [
          { name: 'public', namespace: 'gateways', sectionName: 'https' },
          { name: 'inner', port: 8443 },
        ],
        tls: {},
      },
    }),
    peers: { public: [], internal: [] },
  }),
  // OpenShift, with limits on the destinations of the pods.
  restricted: operandInput({
    spec: {
      ...minimalSpec,
      service: { ipFamilyPolicy: 'PreferDualStack', annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } },
    },
    files: [{ path: '/etc/carillon/jwks-ca/ca.crt', from: { kind: 'ConfigMap', name: 'company-ca', key: 'ca.crt' } }],
    hasFixedUser: false,
    egress: [
      { ports: [{ port: 53, protocol: 'UDP' }] },
      { ports: [{ port: 9093, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] },
    ],
  }),
  autoscaling: operandInput({
    spec: {
      ...minimalSpec,
      gateway: { ...minimalSpec.gateway, autoscaling: { minReplicas: 2, maxReplicas: 20, targetCPUUtilizationPercent: 70 } },
      route: { ...minimalSpec.route, type: 'Ingress', host: 'live.example.com', tls: {} },
    },
    stopping: { preStopSeconds: 0, terminationGracePeriodSeconds: 615 },
    scaling: { kind: 'handed-over' },
    peers: { public: null, internal: null },
  }),
}
