import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classExample, ingressExample } from '../../../api/v1alpha1/examples.ts'
import type { AllowedSpec } from '../../../api/v1alpha1/realtime-channel-class.ts'
import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { anySpec } from '../../testing/channel-arbitraries.ts'
import { aChannel } from '../../testing/channel-builders.ts'
import { boundsOf } from './bounds.ts'
import { checkBounds, type Violation } from './check-bounds.ts'
import { mergeDefaults } from './merge-defaults.ts'

interface Case {
  readonly spec?: RealtimeChannelSpec
  readonly defaults?: RealtimeChannelSpec
  readonly allowed?: AllowedSpec
}

const violationsOf = ({ spec = {}, defaults = {}, allowed = {} }: Case): readonly Violation[] =>
  checkBounds({
    channel: aChannel({ spec: mergeDefaults({ ...aChannel().spec, ...spec }, defaults) }),
    defaults,
    bounds: boundsOf(allowed),
    image: 'registry.example.com/carillon:1',
    brokers: ['kafka:9092'],
  })

const fieldsOf = (given: Case): readonly string[] => violationsOf(given).map(({ field }) => field)

const routeOf = (route: NonNullable<RealtimeChannelSpec['route']>): RealtimeChannelSpec => ({
  route: { type: 'Ingress', host: 'a.apps.example.com', ...route },
})
const gatewayOf = (gateway: NonNullable<RealtimeChannelSpec['gateway']>): RealtimeChannelSpec => ({ gateway })

describe('the closed bounds', () => {
  it('allow a channel that asks for nothing special', () => {
    expect(violationsOf({})).toEqual([])
  })

  /** A value that the closed bounds refuse, the bound that allows it, and a value that is still refused. */
  const cases: readonly (readonly [field: string, spec: RealtimeChannelSpec, allowing: AllowedSpec, other: AllowedSpec])[] = [
    [
      'spec.topic.name',
      { topic: { name: 'platform.chat' } },
      { topics: ['platform.NAME', 'platform.NAME.dlq'] },
      { topics: ['NAMESPACE.*'] },
    ],
    ['spec.topic.name', { topic: { name: '_schemas' } }, { topics: ['_*'] }, { topics: ['*'] }],
    [
      'spec.topic.deadLetters.name',
      { topic: { deadLetters: { name: 'payments.victim' } } },
      { topics: ['NAMESPACE.*', 'payments.*'] },
      { topics: ['NAMESPACE.*'] },
    ],
    ['spec.topic.deadLetters.name', { topic: { deadLetters: { name: '_lost' } } }, { topics: ['NAMESPACE.*', '_*'] }, { topics: ['*'] }],
    ['spec.topic.partitions', { topic: { partitions: 33 } }, { maxPartitions: 33 }, { maxPartitions: 32 }],
    [
      'spec.kafka.bootstrapServers',
      { kafka: { bootstrapServers: ['kafka.shop.svc:9092'] } },
      { bootstrapServers: ['kafka.NAMESPACE.svc:9092'] },
      { bootstrapServers: ['kafka.*:9092'] },
    ],
    ['spec.route.host', routeOf({}), { hosts: ['*.apps.example.com'] }, { hosts: ['NAMESPACE.apps.example.com'] }],
    [
      'spec.route.paths.socket',
      routeOf({ paths: { socket: '/shop/live' } }),
      { hosts: ['*.apps.example.com'], pathPrefixes: ['/NAMESPACE', '/api/NAME'] },
      { hosts: ['*.apps.example.com'] },
    ],
    [
      'spec.route.annotations',
      routeOf({ annotations: { 'cert-manager.io/issuer': 'x' } }),
      { hosts: ['*.apps.example.com'], routeAnnotations: ['cert-manager.io/*'] },
      { hosts: ['*.apps.example.com'], routeAnnotations: ['cert-manager.io/cluster-issuer'] },
    ],
    [
      'spec.route.labels',
      routeOf({ labels: { team: 'x' } }),
      { hosts: ['*.apps.example.com'], routeLabels: ['team'] },
      { hosts: ['*.apps.example.com'] },
    ],
    [
      'spec.service.annotations',
      { service: { annotations: { 'mesh.example.com/route': 'x' } } },
      { serviceAnnotations: ['mesh.example.com/*'] },
      { routeAnnotations: ['*'] },
    ],
    ['spec.gateway.image', gatewayOf({ image: 'evil.example/carillon:1' }), { images: ['evil.example/*'] }, { images: ['evil.example'] }],
    ['spec.gateway.replicas', gatewayOf({ replicas: 11 }), { maxReplicas: 11 }, { maxReplicas: 10 }],
    ['spec.gateway.autoscaling.maxReplicas', gatewayOf({ autoscaling: { minReplicas: 2, maxReplicas: 11 } }), { maxReplicas: 11 }, {}],
    [
      'spec.gateway.resources.requests.cpu',
      gatewayOf({ resources: { requests: { cpu: '2001m' } } }),
      { maxResources: { cpu: '2.1' } },
      { maxResources: { memory: '64Gi' } },
    ],
    [
      'spec.gateway.resources.requests.nvidia.com/gpu',
      gatewayOf({ resources: { requests: { 'nvidia.com/gpu': 1 } } }),
      { maxResources: { 'nvidia.com/gpu': 1 } },
      {},
    ],
    [
      'spec.gateway.resources.limits.memory',
      { replay: { maxBytes: '2Gi' } },
      { maxResources: { memory: '7Gi' } },
      { maxResources: { memory: '6Gi' } },
    ],
    ['spec.gateway.env', gatewayOf({ env: [{ name: 'OTEL_SDK_DISABLED', value: 'true' }] }), { env: ['OTEL_*'] }, { env: ['OTEL'] }],
    ['spec.tracing.endpoint', { tracing: { endpoint: 'http://169.254.169.254' } }, { env: ['OTEL_*'] }, { env: ['OTEL_SERVICE_NAME'] }],
    [
      'spec.gateway.nodeSelector',
      gatewayOf({ nodeSelector: { pool: 'edge' } }),
      { scheduling: { nodeSelector: ['pool'] } },
      { scheduling: { nodeSelector: ['pool=core'] } },
    ],
    [
      'spec.gateway.tolerations',
      gatewayOf({ tolerations: [{ key: 'dedicated', value: 'edge' }] }),
      { scheduling: { tolerations: ['dedicated=edge'] } },
      { scheduling: { tolerations: ['dedicated=core'] } },
    ],
    [
      'spec.gateway.tolerations',
      gatewayOf({ tolerations: [{ key: 'dedicated', operator: 'Exists' }] }),
      { scheduling: { tolerations: ['dedicated'] } },
      { scheduling: { tolerations: ['dedicated=edge'] } },
    ],
    [
      'spec.gateway.tolerations',
      gatewayOf({ tolerations: [{ operator: 'Exists' }] }),
      { scheduling: { tolerations: ['*'] } },
      { scheduling: { tolerations: ['dedicated'] } },
    ],
    [
      'spec.gateway.priorityClassName',
      gatewayOf({ priorityClassName: 'system-node-critical' }),
      { scheduling: { priorityClassNames: ['system-node-critical'] } },
      { scheduling: { priorityClassNames: ['edge'] } },
    ],
    ['spec.gateway.affinity', gatewayOf({ affinity: { nodeAffinity: {} } }), { scheduling: { affinity: true } }, {}],
    ['spec.network.ingressFrom', { network: { ingressFrom: [{ podSelector: {} }] } }, { networkPeers: true }, { networkPeers: false }],
    ['spec.network.metricsFrom', { network: { metricsFrom: [{ namespaceSelector: {} }] } }, { networkPeers: true }, {}],
    ['spec.network.egress', { network: { egress: { others: [{}] } } }, { networkPeers: true }, {}],
    ['spec.network.egress', { network: { egress: { kafka: { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] } } } }, { networkPeers: true }, {}],
    ['spec.network.egress', { network: { egress: { keys: { ports: [22] } } } }, { networkPeers: true }, {}],
    ['spec.network.egress', { network: { egress: {} } }, { networkPeers: true }, {}],
    ['spec.upstream', { upstream: { accept: [{ type: 'a' }] } }, { upstream: true }, { upstream: false }],
    [
      'spec.upstream.topic.name',
      { upstream: { topic: { name: 'payments.sent' }, accept: [{ type: 'a' }] } },
      { upstream: true, topics: ['NAMESPACE.*', 'payments.*'] },
      { upstream: true, topics: ['NAMESPACE.*'] },
    ],
    [
      'spec.upstream.topic.partitions',
      { upstream: { topic: { partitions: 33 }, accept: [{ type: 'a' }] } },
      { upstream: true, maxPartitions: 33 },
      { upstream: true },
    ],
    [
      'spec.gateway.podLabels',
      gatewayOf({ podLabels: { team: 'x' } }),
      { podMetadata: { labels: ['team'] } },
      { podMetadata: { annotations: ['team'] } },
    ],
    [
      'spec.gateway.podAnnotations',
      gatewayOf({ podAnnotations: { 'sidecar.istio.io/inject': 'true' } }),
      { podMetadata: { annotations: ['sidecar.istio.io/*'] } },
      { podMetadata: { labels: ['*'] } },
    ],
  ]

  it.each(cases)('refuse %s, until the class allows it', (field, spec, allowing, other) => {
    expect(fieldsOf({ spec })).toContain(field)
    expect(fieldsOf({ spec, allowed: allowing })).toEqual([])
    expect(fieldsOf({ spec, allowed: other })).toContain(field)
  })

  it('are opened by every bound that there is: all of the largest example is allowed by a class that says so', () => {
    const allowed: AllowedSpec = {
      ...classExample.spec.allowed,
      deletion: 'CreatedOnly',
      topics: ['platform.*'],
      hosts: ['console.example.com'],
      pathPrefixes: ['/wss', '/api'],
      routeAnnotations: ['cert-manager.io/*'],
      serviceAnnotations: ['service.kubernetes.io/*'],
      bootstrapServers: ['kafka-bootstrap.kafka.svc:9093'],
    }
    expect(violationsOf({ spec: ingressExample.spec, allowed })).toEqual([])
  })

  it('allow to delete only what was created, and a class may allow nothing', () => {
    expect(fieldsOf({ spec: { topic: { deletionPolicy: 'Delete' } } })).toEqual([])
    expect(fieldsOf({ spec: { topic: { deletionPolicy: 'Delete' } }, allowed: { deletion: 'Never' } })).toEqual([
      'spec.topic.deletionPolicy',
    ])
    expect(fieldsOf({ allowed: { topics: [] } })).toEqual(['spec.topic.name'])
  })

  // A class that came to allow only NAMESPACE.NAME took the dead letters of its channels away, and with that restarted the pods of all of them.
  it('are about the dead letter topic that follows from the topic, and not about one that the channel does not want', () => {
    const allowed = { topics: ['NAMESPACE.NAME'] }
    expect(violationsOf({ allowed })).toEqual([
      {
        field: 'spec.topic.deadLetters.name',
        value: 'shop.chat.dlq',
        bound: 'spec.allowed.topics',
        allows: 'NAMESPACE.NAME',
        remedy: 'spec.topic.deadLetters.enabled: false goes without dead letters.',
      },
    ])
    expect(violationsOf({ spec: { topic: { deadLetters: { enabled: false, name: 'payments.victim' } } }, allowed })).toEqual([])
  })

  it('do not ask about the host of a channel without a route', () => {
    expect(fieldsOf({ spec: { route: { type: 'None', host: 'elsewhere.example.com', annotations: { a: 'b' } } } })).toEqual([])
  })
})

describe('what a class provides', () => {
  const provided: RealtimeChannelSpec = {
    kafka: { bootstrapServers: ['class:9092'] },
    gateway: {
      image: 'mirror.example/carillon:1',
      env: [{ name: 'OTEL_SDK_DISABLED', value: 'true' }],
      nodeSelector: { pool: 'edge' },
      tolerations: [{ operator: 'Exists' }],
      affinity: { podAffinity: {} },
      priorityClassName: 'edge',
      podLabels: { team: 'a' },
      podAnnotations: { mesh: 'on' },
    },
    route: {
      type: 'Ingress',
      host: 'apps.example.com',
      paths: { socket: '/s', api: '/a' },
      annotations: { 'a/b': 'c' },
      labels: { l: 'm' },
    },
  }

  it('is allowed without being named in its bounds', () => {
    expect(violationsOf({ defaults: provided })).toEqual([])
  })

  it('is allowed to a channel that says the same itself', () => {
    expect(violationsOf({ spec: provided, defaults: provided })).toEqual([])
  })

  it('is not allowed to be changed', () => {
    const changed: RealtimeChannelSpec = {
      gateway: {
        image: 'mirror.example/carillon:2',
        env: [{ name: 'OTEL_SDK_DISABLED', value: 'false' }],
        nodeSelector: { pool: 'core' },
        podLabels: { team: 'b' },
      },
      route: { host: 'other.example.com', annotations: { 'a/b': 'd' } },
    }
    expect(fieldsOf({ spec: changed, defaults: provided })).toEqual([
      'spec.route.host',
      'spec.route.annotations',
      'spec.gateway.image',
      'spec.gateway.env',
      'spec.gateway.nodeSelector',
      'spec.gateway.podLabels',
    ])
  })

  it("puts its brokers in the place of the operator's", () => {
    const own: RealtimeChannelSpec = { kafka: { bootstrapServers: ['kafka:9092'] } }
    expect(fieldsOf({ spec: own })).toEqual([])
    expect(fieldsOf({ spec: own, defaults: provided })).toContain('spec.kafka.bootstrapServers')
  })

  const peers = { kafka: { namespaceSelector: {} }, mesh: { podSelector: {} } }
  const limited: RealtimeChannelSpec = {
    network: {
      ingressFrom: [peers.mesh, peers.kafka],
      metricsFrom: [peers.mesh],
      egress: { kafka: { ports: [9093], to: [peers.kafka] }, others: [{ to: [peers.mesh] }] },
    },
  }

  it.each<NonNullable<RealtimeChannelSpec['network']>>([
    { egress: {} },
    { egress: { others: [{ to: [peers.mesh] }] } },
    { egress: { kafka: { to: [peers.kafka] } } },
    { ingressFrom: [peers.kafka], metricsFrom: [] },
  ])('is who reaches its pods and what they reach, and a channel may ask for the same or for fewer that reach them: %j', (network) => {
    expect(violationsOf({ spec: { network }, defaults: limited })).toEqual([])
  })

  it.each<NonNullable<RealtimeChannelSpec['network']>>([
    { egress: { dns: {} } },
    { egress: { others: [{}] } },
    { egress: { kafka: { to: [peers.mesh] } } },
    { egress: { kafka: { ports: [22] } } },
    { ingressFrom: [peers.mesh, {}] },
    { metricsFrom: [peers.kafka] },
  ])('is not opened further by a channel: %j', (network) => {
    expect(violationsOf({ spec: { network }, defaults: limited })).toEqual([
      {
        field: `spec.network.${Object.keys(network).join('')}`,
        value: 'set',
        bound: 'spec.allowed.networkPeers',
        allows: 'only those of its defaults',
      },
    ])
  })

  it('gives its own section for events of browsers to channels, unchanged', () => {
    const defaults = { upstream: { accept: [{ type: 'a' }] } }
    expect(fieldsOf({ defaults })).toEqual([])
    expect(fieldsOf({ defaults, spec: { upstream: { accept: [{ type: 'a', maxBytes: 4096 }] } } })).toEqual([])
    expect(fieldsOf({ defaults, spec: { upstream: { accept: [{ type: 'a', maxBytes: 4097 }] } } })).toEqual(['spec.upstream'])
  })

  it('refuses the default name of an upstream topic that it does not list', () => {
    const spec = { upstream: { accept: [{ type: 'a' }] } }
    const topics = ['NAMESPACE.NAME', 'NAMESPACE.NAME.dlq']
    expect(fieldsOf({ spec, allowed: { upstream: true, topics } })).toEqual(['spec.upstream.topic.name'])
    expect(fieldsOf({ spec, allowed: { upstream: true, topics: [...topics, 'NAMESPACE.NAME.upstream'] } })).toEqual([])
  })

  it('refuses no channel for its control topic, without which events are delivered', () => {
    expect(fieldsOf({ allowed: { topics: ['NAMESPACE.NAME', 'NAMESPACE.NAME.dlq'] } })).toEqual([])
    expect(fieldsOf({ spec: { topic: { control: { name: 'payments.control' } } } })).toEqual([])
  })

  it('is held to its own numbers', () => {
    const defaults: RealtimeChannelSpec = {
      topic: { partitions: 64 },
      gateway: { autoscaling: { maxReplicas: 50 }, resources: { limits: { memory: '16Gi' } } },
    }
    const spec: RealtimeChannelSpec = { topic: {}, gateway: {} }
    expect(fieldsOf({ spec, defaults })).toEqual([
      'spec.topic.partitions',
      'spec.gateway.autoscaling.maxReplicas',
      'spec.gateway.resources.limits.memory',
    ])
  })
})

describe('a violation', () => {
  it('says the value, the bound, and what it allows', () => {
    expect(violationsOf({ spec: routeOf({}), allowed: { hosts: ['NAMESPACE.example.com', '*.example.org'] } })).toEqual([
      {
        field: 'spec.route.host',
        value: 'a.apps.example.com',
        bound: 'spec.allowed.hosts',
        allows: 'NAMESPACE.example.com, *.example.org',
      },
    ])
    expect(violationsOf({ spec: { replay: { maxBytes: '8Gi' } } })).toEqual([
      {
        field: 'spec.gateway.resources.limits.memory',
        value: '24832Mi (which follows from spec.replay.maxBytes)',
        bound: 'spec.allowed.maxResources',
        allows: '4Gi at most',
      },
    ])
  })

  it('is never made by a class that allows more', () => {
    const tight = fc.record({
      maxPartitions: fc.integer({ min: 1, max: 4 }),
      maxReplicas: fc.integer({ min: 1, max: 4 }),
      hosts: fc.subarray(['app.example.com', '*.example.org']),
    })
    fc.assert(
      fc.property(anySpec, tight, (spec, allowed) => {
        const more: AllowedSpec = {
          maxPartitions: allowed.maxPartitions + 1,
          maxReplicas: allowed.maxReplicas + 1,
          hosts: [...allowed.hosts, 'a.example.net'],
        }
        const before = new Set(fieldsOf({ spec, allowed }))
        expect(fieldsOf({ spec, allowed: more }).filter((field) => !before.has(field))).toEqual([])
      }),
    )
  })
})
