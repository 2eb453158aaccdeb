import { beforeAll, describe, expect, it } from 'vitest'
import { askCluster, complaintOf, type ClusterAnswer } from '../../operator/testing/ask-cluster.ts'
import { useControlPlane } from '../../testing/use.ts'
import { installChannelType } from '../../operator/testing/install-channel-type.ts'
import { boundsOf, fieldAt, reportedPath, withField } from '../testing/schema-bounds.ts'
import { channelSchema, crdName } from './crd.ts'
import { companyExample, gatewayApiExample, ingressExample, minimalExample, type Manifest } from './examples.ts'
import { specSchema } from './realtime-channel.ts'
import { walkSchema } from './walk-schema.ts'

/** Responses of the API server to manifests, by the CustomResourceDefinition alone: there is no webhook. */

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const channels = '/apis/carillon.dev/v1alpha1/namespaces/default/realtimechannels'

const cluster = useControlPlane()
beforeAll(async () => {
  await installChannelType(cluster)
})

const create = (manifest: Manifest): Promise<ClusterAnswer> =>
  askCluster(cluster, { method: 'POST', path: `${channels}?dryRun=All&fieldValidation=Strict`, body: manifest })

const complaint = async (manifest: Manifest): Promise<string> => complaintOf(await create(manifest))

/** Server-side apply, so that what is left out is taken out. */
async function apply(manifest: Manifest, query = ''): Promise<string> {
  const path = `${channels}/${manifest.metadata.name}?fieldManager=test&fieldValidation=Strict${query}`
  return complaintOf(await askCluster(cluster, { method: 'PATCH', path, body: manifest, contentType: 'application/apply-patch+yaml' }))
}

type Changes = Readonly<Record<string, unknown>>

const changed = (manifest: Manifest, changes: Changes): Manifest =>
  Object.entries(changes).reduce((result, [path, value]) => withField(result, path, value), manifest)

const examples = { minimalExample, ingressExample, gatewayApiExample, companyExample }
type Base = keyof typeof examples

describe('the CustomResourceDefinition', () => {
  it('is established, and its schema is structural', async () => {
    const { body } = await askCluster(cluster, { path: `${definitions}/${crdName}` })
    const { conditions } = body['status'] as { conditions: readonly { type: string; status: string }[] } // the server's own answer
    expect(Object.fromEntries(conditions.map(({ type, status }) => [type, status]))).toEqual({ NamesAccepted: 'True', Established: 'True' })
  })

  it('lets clients read and set the number of pods by the scale subresource', async () => {
    expect(await apply(changed(minimalExample, { 'metadata.name': 'scaled' }))).toBe('')
    const path = `${channels}/scaled/scale`
    const patched = await askCluster(cluster, {
      method: 'PATCH',
      path,
      body: { spec: { replicas: 5 } },
      contentType: 'application/merge-patch+json',
    })
    expect(patched).toMatchObject({ code: 200, body: { kind: 'Scale', spec: { replicas: 5 } } })
  })

  // The default was stored with the channel, and the rule counted it as something that a person wrote: no channel could begin to scale by itself.
  it('lets a channel with the default number of pods start and stop autoscaling', async () => {
    const named = { 'metadata.name': 'grown' }
    expect(await apply(changed(minimalExample, named))).toBe('')
    expect(await apply(changed(minimalExample, { ...named, 'spec.gateway': { autoscaling: { maxReplicas: 5 } } }))).toBe('')
    expect(await apply(changed(minimalExample, { ...named, 'spec.gateway': { replicas: 4 } }))).toBe('')
  })

  it('refuses a number of pods beside autoscaling', async () => {
    expect(await apply(changed(gatewayApiExample, { 'metadata.name': 'autoscaled' }))).toBe('')
    const path = `${channels}/autoscaled/scale`
    const patched = await askCluster(cluster, {
      method: 'PATCH',
      path,
      body: { spec: { replicas: 5 } },
      contentType: 'application/merge-patch+json',
    })
    expect(complaintOf(patched)).toContain('exactly one of replicas')
  })
})

describe('the examples', () => {
  it.each(Object.entries(examples))('%s is accepted', async (_name, example) => {
    expect(await complaint(example)).toBe('')
  })

  it('write every field, except the second way to name authorities', () => {
    const bySecret = changed(companyExample, {
      'spec.auth.jwks.caConfigMapRef': undefined,
      'spec.auth.jwks.caSecretRef': { name: 'company-ca', key: 'ca.crt' },
    })
    const unwritten = walkSchema(specSchema, 'spec').filter(
      ({ path }) => !path.includes('*') && [...Object.values(examples), bySecret].every((example) => fieldAt(example, path) === undefined),
    )
    expect(unwritten.map(({ path }) => path)).toEqual([])
  })
})

/** An object that holds nothing but such objects: sections that are there and say nothing. */
function isHollow(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isHollow)
}

describe('the defaults', () => {
  // A default that is stored is the channel's own value from then on, and a class could never say otherwise.
  it('of fields are not stored, so that those of a class can replace them, except the one that kubectl scale needs', async () => {
    const { body: stored } = await create(minimalExample)
    const filledIn = walkSchema(specSchema, 'spec').filter(
      ({ path }) => !path.includes('[]') && fieldAt(stored, path) !== undefined && fieldAt(minimalExample, path) === undefined,
    )
    expect(filledIn.filter(({ path }) => !isHollow(fieldAt(stored, path))).map(({ path }) => path)).toEqual([
      'spec.gateway',
      'spec.gateway.replicas',
    ])
    expect(fieldAt(stored, 'spec.gateway')).toEqual({ replicas: 2 })
  })

  it('are in the description of each field that has one', () => {
    const untold = walkSchema(channelSchema.properties.spec, 'spec').filter(({ path, schema }) => {
      const value = specDefaults[path]
      return (
        value !== undefined &&
        schema.default === undefined &&
        !schema.description.includes('Default: ') &&
        !schema.description.includes('Without this section')
      )
    })
    expect(untold.map(({ path }) => path)).toEqual([])
  })

  it('are not stored in an empty channel, which leaves everything to its class', async () => {
    expect(await complaint({ ...minimalExample, spec: {} })).toBe('')
  })
})

const specDefaults: Readonly<Record<string, unknown>> = Object.fromEntries(
  walkSchema(specSchema, 'spec').flatMap(({ path, schema }) => (schema.default === undefined ? [] : [[path, schema.default]])),
)

const fields = walkSchema(specSchema, 'spec').flatMap((field) =>
  boundsOf(field).length > 0 ? [[field.path, boundsOf(field)] as const] : [],
)

describe('the bounds of a field', () => {
  it.each(fields)('%s', async (path, bounds) => {
    for (const { name, within, beyond, complaint: expected } of bounds) {
      const [taken, refused] = await Promise.all([
        complaint(withField(minimalExample, path, within)),
        complaint(withField(minimalExample, path, beyond)),
      ])
      expect(refused, `beyond ${name}`).toContain(reportedPath(path))
      expect(refused, `beyond ${name}`).toContain(expected)
      expect(taken, `within ${name}`).not.toContain(expected)
    }
  })
})

/** Every rule in CEL, by its message, with a change that it accepts and one that it refuses. */
const rules: readonly (readonly [message: string, base: Base, taken: Changes, refused: Changes])[] = [
  [
    'the name of a channel has at most 55 characters',
    'minimalExample',
    { 'metadata.name': 'a'.repeat(55) },
    { 'metadata.name': 'a'.repeat(56) },
  ],
  ['begins with a letter', 'minimalExample', { 'metadata.name': 'a-1' }, { 'metadata.name': '1-a' }],
  ['the name of a channel', 'minimalExample', { 'metadata.name': 'a' }, { 'metadata.name': 'a.b' }],
  ['exactly one of uri, secretRef and configMapRef', 'minimalExample', {}, { 'spec.auth.jwks.secretRef': { name: 'keys' } }],
  [
    'exactly one of uri, secretRef and configMapRef',
    'ingressExample',
    { 'spec.auth.jwks': {} },
    { 'spec.auth.jwks.uri': 'https://sso.example.com' },
  ],
  [
    'the authorities of jwks come from one place',
    'companyExample',
    { 'spec.auth.jwks.caConfigMapRef': undefined, 'spec.auth.jwks.caSecretRef': { name: 'ca' } },
    { 'spec.auth.jwks.caSecretRef': { name: 'ca' } },
  ],
  [
    'caSecretRef and caConfigMapRef are for the server behind uri',
    'companyExample',
    { 'spec.auth.jwks': { secretRef: { name: 'keys' } } },
    { 'spec.auth.jwks': { secretRef: { name: 'keys' }, caSecretRef: { name: 'ca' } } },
  ],
  [
    'auth takes allowedOrigins',
    'minimalExample',
    { 'spec.auth.allowedOrigins': undefined, 'spec.auth.dangerouslyAllowAnyOrigin': true },
    { 'spec.auth.dangerouslyAllowAnyOrigin': true },
  ],
  [
    'burst must be at least ratePerSecond',
    'minimalExample',
    { 'spec.emit': { ratePerSecond: 2001 } },
    { 'spec.emit': { ratePerSecond: 2001, burst: 2000 } },
  ],
  ['burst must be at least ratePerSecond', 'ingressExample', { 'spec.emit.burst': 1000 }, { 'spec.emit.burst': 999 }],
  [
    'connectionsBurst must be at least connectionsPerSecond',
    'minimalExample',
    { 'spec.limits': { connectionsPerSecond: 5001 } },
    { 'spec.limits': { connectionsPerSecond: 5001, connectionsBurst: 5000 } },
  ],
  ['exactly one of replicas (a fixed number of pods) and autoscaling', 'gatewayApiExample', {}, { 'spec.gateway.replicas': 3 }],
  [
    'exactly one of replicas (a fixed number of pods) and autoscaling',
    'minimalExample',
    { 'spec.gateway': { logLevel: 'info' } },
    { 'spec.gateway': { replicas: 0, autoscaling: { maxReplicas: 3 } } },
  ],
  [
    'minReplicas must not exceed maxReplicas',
    'gatewayApiExample',
    { 'spec.gateway.autoscaling': { minReplicas: 3, maxReplicas: 3 } },
    { 'spec.gateway.autoscaling': { minReplicas: 4, maxReplicas: 3 } },
  ],
  [
    'minReplicas must not exceed maxReplicas',
    'gatewayApiExample',
    { 'spec.gateway.autoscaling': { maxReplicas: 1 } },
    { 'spec.gateway.autoscaling': { minReplicas: 2, maxReplicas: 1 } },
  ],
  [
    'requests must not exceed limits',
    'minimalExample',
    { 'spec.gateway.resources': { requests: { cpu: '1' }, limits: { cpu: '1000m' } } },
    { 'spec.gateway.resources': { requests: { cpu: '1001m' }, limits: { cpu: 1 } } },
  ],
  [
    'a key here is NAME or PREFIX/NAME',
    'minimalExample',
    { 'spec.gateway.podLabels': { 'example.com/A_b.c': '' } },
    { 'spec.gateway.podLabels': { 'bad key!': '' } },
  ],
  [
    'a key here is NAME or PREFIX/NAME',
    'minimalExample',
    { 'spec.gateway.podAnnotations': { a: 'any text' } },
    { 'spec.gateway.podAnnotations': { '/a': '' } },
  ],
  [
    'a key here is NAME or PREFIX/NAME',
    'minimalExample',
    { 'spec.gateway.nodeSelector': { 'kubernetes.io/os': 'linux' } },
    { 'spec.gateway.nodeSelector': { 'Kubernetes.io/os': 'linux' } },
  ],
  [
    'a key here is NAME or PREFIX/NAME',
    'ingressExample',
    { 'spec.route.labels': { ['a'.repeat(63)]: '' } },
    { 'spec.route.labels': { ['a'.repeat(64)]: '' } },
  ],
  [
    'a key here is NAME or PREFIX/NAME',
    'ingressExample',
    { 'spec.route.annotations': { 'a.b/c': '' } },
    { 'spec.route.annotations': { 'a/b/c': '' } },
  ],
  ['a topic cannot be named . or ..', 'minimalExample', { 'spec.topic.name': '...' }, { 'spec.topic.name': '..' }],
  [
    'a topic cannot be named . or ..',
    'minimalExample',
    { 'spec.topic.deadLetters': { name: '...' } },
    { 'spec.topic.deadLetters': { name: '.' } },
  ],
  [
    'topics whose names begin with __ belong to Kafka itself',
    'minimalExample',
    { 'spec.topic.name': '_a__' },
    { 'spec.topic.name': '__consumer_offsets' },
  ],
  [
    'topics whose names begin with __ belong to Kafka itself',
    'minimalExample',
    { 'spec.topic.deadLetters': { name: '_a__' } },
    { 'spec.topic.deadLetters': { name: '__transaction_state' } },
  ],
  [
    'the dead letter topic must be another topic',
    'minimalExample',
    { 'spec.topic': { name: 'a', deadLetters: { name: 'b' } } },
    { 'spec.topic': { name: 'a', deadLetters: { name: 'a' } } },
  ],
  ['a topic cannot be named . or ..', 'minimalExample', { 'spec.topic.control': { name: '...' } }, { 'spec.topic.control': { name: '.' } }],
  [
    'topics whose names begin with __ belong to Kafka itself',
    'minimalExample',
    { 'spec.topic.control': { name: '_a__' } },
    { 'spec.topic.control': { name: '__transaction_state' } },
  ],
  [
    "the control topic must be another topic than the channel's own",
    'minimalExample',
    { 'spec.topic': { name: 'a', control: { name: 'b' } } },
    { 'spec.topic': { name: 'a', control: { name: 'a' } } },
  ],
  [
    'the control topic must be another topic than that of the dead letters',
    'minimalExample',
    { 'spec.topic': { deadLetters: { name: 'a' }, control: { name: 'b' } } },
    { 'spec.topic': { deadLetters: { name: 'a' }, control: { name: 'a' } } },
  ],
  ...(
    [
      ["the upstream topic must be another topic than the channel's own", 'spec.topic.name', 'a'],
      ['the upstream topic must be another topic than that of the dead letters', 'spec.topic.deadLetters', { name: 'a' }],
      ['the upstream topic must be another topic than the control topic', 'spec.topic.control', { name: 'a' }],
    ] as const
  ).map(
    ([message, path, value]) =>
      [
        message,
        'gatewayApiExample' as const,
        { [path]: value, 'spec.upstream.topic': { name: 'b' } },
        { [path]: value, 'spec.upstream.topic': { name: 'a' } },
      ] as const,
  ),
  [
    'two rules accept the same type or prefix',
    'minimalExample',
    { 'spec.upstream': { accept: [{ type: 'a' }, { typePrefix: 'a' }, { type: 'ab' }, { typePrefix: '' }] } },
    { 'spec.upstream': { accept: [{ type: 'a' }, { typePrefix: 'a' }, { type: 'a' }] } },
  ],
  [
    'two rules accept the same type or prefix',
    'minimalExample',
    { 'spec.upstream': { accept: [{ typePrefix: 'a.' }, { type: 'a.' }] } },
    { 'spec.upstream': { accept: [{ typePrefix: 'a.' }, { typePrefix: 'a.' }] } },
  ],
  [
    'a rule has exactly one of type and typePrefix',
    'minimalExample',
    { 'spec.upstream': { accept: [{ type: 'a' }] } },
    { 'spec.upstream': { accept: [{ type: 'a', typePrefix: 'a' }] } },
  ],
  [
    'types that begin with dev.carillon. are commands',
    'minimalExample',
    { 'spec.upstream': { accept: [{ typePrefix: 'dev.carillo' }] } },
    { 'spec.upstream': { accept: [{ typePrefix: 'dev.carillon.' }] } },
  ],
  [
    'types that begin with dev.carillon. are commands',
    'minimalExample',
    { 'spec.upstream': { accept: [{ type: 'dev.carillonist' }] } },
    { 'spec.upstream': { accept: [{ type: 'dev.carillon.token' }] } },
  ],
  [
    'a topic cannot be named . or ..',
    'gatewayApiExample',
    { 'spec.upstream.topic': { name: '...' } },
    { 'spec.upstream.topic': { name: '..' } },
  ],
  [
    'topics whose names begin with __ belong to Kafka itself',
    'gatewayApiExample',
    { 'spec.upstream.topic': { name: '_a' } },
    { 'spec.upstream.topic': { name: '__a' } },
  ],
  [
    'retention must be at least 1m',
    'gatewayApiExample',
    { 'spec.upstream.topic': { retention: '1m' } },
    { 'spec.upstream.topic': { retention: '59s' } },
  ],
  [
    'retention and config["retention.ms"] are the same setting',
    'gatewayApiExample',
    { 'spec.upstream.topic': { config: { 'retention.ms': '60000' } } },
    { 'spec.upstream.topic': { retention: '1m', config: { 'retention.ms': '60000' } } },
  ],
  [
    'heartbeat must be from 1s to 10m',
    'minimalExample',
    { 'spec.gateway': { heartbeat: '10m' } },
    { 'spec.gateway': { heartbeat: '10m1ms' } },
  ],
  [
    'KAFKA_CLIENT_ID cannot be set',
    'minimalExample',
    { 'spec.gateway': { env: [{ name: 'KAFKA_CLIENT_RACK', value: 'a' }] } },
    { 'spec.gateway': { env: [{ name: 'KAFKA_CLIENT_ID', value: 'a' }] } },
  ],
  [
    'KAFKA_DLQ cannot be set',
    'minimalExample',
    { 'spec.gateway': { env: [{ name: 'KAFKA_DLQ_RATE_PER_S', value: '1' }] } },
    { 'spec.gateway': { env: [{ name: 'KAFKA_DLQ', value: 'false' }] } },
  ],
  ['KAFKA_DLQ_TOPIC cannot be set', 'minimalExample', {}, { 'spec.gateway': { env: [{ name: 'KAFKA_DLQ_TOPIC', value: 'a' }] } }],
  [
    'retention must be at least 1m',
    'minimalExample',
    { 'spec.topic.deadLetters': { retention: '1m' } },
    { 'spec.topic.deadLetters': { retention: '59s' } },
  ],
  [
    'retention must be at least 1m',
    'minimalExample',
    { 'spec.topic.retention': '1m', 'spec.replay.window': '1m' },
    { 'spec.topic.retention': '59s', 'spec.replay.window': '1s' },
  ],
  [
    'retention and config["retention.ms"] are the same setting',
    'ingressExample',
    { 'spec.topic.retention': undefined, 'spec.topic.config': { 'retention.ms': '3600000' } },
    { 'spec.topic.config': { 'retention.ms': '3600000' } },
  ],
  [
    'topic.retention must be at least replay.window',
    'minimalExample',
    { 'spec.topic.retention': '4m59s' },
    { 'spec.topic.retention': '4m59s', 'spec.replay.window': '5m' },
  ],
  ['window must be from 1s to 24h', 'minimalExample', { 'spec.replay.window': '24h' }, { 'spec.replay.window': '24h1ms' }],
  ['window must be from 1s to 24h', 'minimalExample', { 'spec.replay.window': '1s' }, { 'spec.replay.window': '999ms' }],
  ['maxBytes must be from 64Ki to 8Gi', 'minimalExample', { 'spec.replay.maxBytes': '64Ki' }, { 'spec.replay.maxBytes': '63Ki' }],
  ['maxBytes must be from 64Ki to 8Gi', 'minimalExample', { 'spec.replay.maxBytes': 65_536 }, { 'spec.replay.maxBytes': 65_535 }],
  ['maxBytes must be from 64Ki to 8Gi', 'minimalExample', { 'spec.replay.maxBytes': '8Gi' }, { 'spec.replay.maxBytes': '9Gi' }],
  [
    'socket and api need different prefixes',
    'minimalExample',
    { 'spec.route.paths': { socket: '/a', api: '/b' } },
    { 'spec.route.paths': { socket: '/a', api: '/a' } },
  ],
  ['className belongs to an Ingress', 'gatewayApiExample', {}, { 'spec.route.className': 'traefik' }],
  [
    'parentRefs belongs to an HTTPRoute',
    'minimalExample',
    { 'spec.route.className': 'traefik' },
    { 'spec.route.type': 'Ingress', 'spec.route.parentRefs': [{ name: 'public' }] },
  ],
  ["the certificate of an HTTPRoute is its Gateway's", 'gatewayApiExample', {}, { 'spec.route.tls': { secretName: 'console-tls' } }],
]

/** Rules about a change, by what was there before. */
const changeRules: readonly (readonly [message: string, base: Base, taken: Changes, refused: Changes])[] = [
  ['partitions can only grow', 'ingressExample', { 'spec.topic.partitions': 7 }, { 'spec.topic.partitions': 5 }],
  ['the name of the topic cannot be changed', 'ingressExample', {}, { 'spec.topic.name': 'platform.other' }],
  ['the name of the topic cannot be changed', 'ingressExample', {}, { 'spec.topic.name': undefined }],
  ['the name of the topic cannot be changed', 'minimalExample', { 'spec.topic': {} }, { 'spec.topic': { name: 'default.chrome-service' } }],
  ['the replication factor cannot be changed here', 'ingressExample', {}, { 'spec.topic.replicas': 2 }],
  ['the replication factor cannot be changed here', 'minimalExample', {}, { 'spec.topic': { replicas: 3 } }],
  ['the replication factor cannot be changed here', 'ingressExample', {}, { 'spec.topic.replicas': undefined }],
]

describe('a rule', () => {
  it.each(rules)('"%s": of %s accepts %j, refuses %j', async (message, base, taken, refused) => {
    expect(await complaint(changed(examples[base], taken))).toBe('')
    expect(await complaint(changed(examples[base], refused))).toContain(message)
  })

  it.each(changeRules)('"%s": lets %s become %j, not %j', async (message, base, taken, refused) => {
    const before = changed(examples[base], { 'metadata.name': `changing-${base.toLowerCase()}` })
    expect(await apply(before)).toBe('')
    expect(await apply(changed(before, taken), '&dryRun=All')).toBe('')
    expect(await apply(changed(before, refused), '&dryRun=All')).toContain(message)
  })

  it('of the schema is in one of the tables above', () => {
    const shown = [...rules, ...changeRules].map(([message]) => message)
    const all = walkSchema(channelSchema, '').flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
    expect(all.filter(({ message = '' }) => !shown.some((part) => message.includes(part)))).toEqual([])
  })
})

/** Values that patterns, enumerations and lists accept and refuse, for choices that are not obvious. */
const values: readonly (readonly [path: string, taken: readonly unknown[], refused: readonly unknown[]])[] = [
  [
    'spec.kafka.bootstrapServers',
    [['kafka:9092'], ['kafka-0.kafka.svc.cluster.local:9092', '10.0.0.1:9092', '[fd00::1]:9092']],
    [
      ['kafka'],
      ['fd00::1:9092'],
      ['[fd00::1]'],
      ['[kafka]:9092'],
      ['kafka:9092,other:9092'],
      ['ssl://kafka:9092'],
      ['kafka:9092', 'kafka:9092'],
    ],
  ],
  ['spec.topic.name', ['a', 'A_b-c.d', 'x'.repeat(240)], ['', 'a b', 'ä', 'a/b']],
  ['spec.topic.retention', ['90m', '1h30m', '5m0s'], ['1d', '1.5h', '-1h', '60', '1h 30m']],
  [
    'spec.auth.jwks.uri',
    ['http://sso:8080/keys', 'https://sso.example.com'],
    ['ftp://sso/keys', 'https://user@sso/keys', 'sso.example.com/keys'],
  ],
  [
    'spec.auth.allowedOrigins',
    [['https://a.example.com:8443', 'http://[::1]:3000'], ['http://localhost:3000']],
    [['https://a.example.com/'], ['https://A.example.com'], ['*'], []],
  ],
  ['spec.auth.algorithms', [['EdDSA']], [['HS256'], ['none'], ['RS256', 'RS256']]],
  [
    'spec.gateway.resources',
    [{ requests: { cpu: 1, memory: '1Gi' } }, { limits: { cpu: '1.5' } }],
    [{ requests: { cpu: '-1' } }, { claims: [] }],
  ],
  [
    'spec.gateway.env',
    [[{ name: 'HEARTBEAT_INTERVAL_MS', value: '20000' }], [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://collector:4318' }]],
    [
      [{ name: 'OTEL_EXPORTER_OTLP_HEADERS', value: 'a=b' }],
      [{ name: 'KAFKA_BROKERS', value: 'a:1' }],
      [{ name: 'LOG_LEVEL', value: 'info' }],
      [{ name: 'HEARTBEAT_INTERVAL_MS' }],
    ],
  ],
  ['spec.gateway.podLabels.key', ['', 'a', 'A_b.c-1'], ['-a', 'a-', 'a b', 'ä']],
  ['spec.gateway.affinity', [{ podAntiAffinity: {} }], ['x']],
  ['spec.route.host', ['a', 'a.example.com'], ['a.example.com:8080', 'A.example.com', '*.example.com', 'https://a']],
  ['spec.route.paths.socket', ['/wss/a', '/a_b~c.d'], ['/', 'wss', '/a/', '/a//b', '/a?b', '/../a', '/a/.b']],
  [
    'spec.network.proxy.httpsProxy',
    ['http://proxy:3128', 'https://proxy.example.com/', 'http://[fd00::1]:3128'],
    ['proxy:3128', 'http://user:secret@proxy:3128', 'socks5://proxy:1080', 'http://proxy/path'],
  ],
  ['spec.network.proxy.noProxy', [['svc', '.svc', '*', '10.0.0.0/8', 'fd00::/8', 'sso.example.com:8443']], [['a,b'], ['a b'], ['a', 'a']]],
  ['spec.network.egress.kafka.ports', [[9092, 9093]], [[], [0], [65_536], [1, 1]]],
  ['spec.service.ipFamilyPolicy', ['PreferDualStack'], ['DualStack', '']],
  ['spec.gateway.podUser', ['Assigned'], ['assigned', '1000']],
  ['spec.route.type', ['None'], ['Route', '']],
]

describe('a value', () => {
  const base = changed(minimalExample, { 'spec.gateway.replicas': 2 })

  it.each(values)('of %s', async (path, taken, refused) => {
    const answers = await Promise.all(taken.map(async (value) => [value, await complaint(withField(base, path, value))]))
    expect(answers.filter(([, said]) => said !== '')).toEqual([])
    const refusals = await Promise.all(refused.map(async (value) => [value, await complaint(withField(base, path, value))]))
    expect(refusals.filter(([, said]) => typeof said === 'string' && !said.includes(path))).toEqual([])
  })

  it('of an unknown field is refused, not silently dropped', async () => {
    expect(await complaint(withField(minimalExample, 'spec.gateway.replica', 3))).toContain('spec.gateway.replica')
  })
})
