import { companyExample, gatewayApiExample, ingressExample, minimalExample } from '../v1alpha1/examples.ts'
import type { RealtimeChannelSpec } from '../v1alpha1/realtime-channel.ts'
import { withField } from './schema-bounds.ts'

export interface RefusedSpec {
  /** Beginning of the message of the rule that refuses the spec. */
  readonly message: string
  readonly spec: RealtimeChannelSpec
}

const [least, byIngress, byGatewayApi, ofCompany] = [minimalExample.spec, ingressExample.spec, gatewayApiExample.spec, companyExample.spec]

const changed = (spec: RealtimeChannelSpec, changes: Readonly<Record<string, unknown>>): RealtimeChannelSpec =>
  Object.entries(changes).reduce((result, [path, value]) => withField(result, path, value), spec)

/** One spec for every rule in CEL about a new channel: this rule refuses it, and no other rule does. */
export const refusedSpecs: readonly RefusedSpec[] = [
  {
    message: 'topic.retention must be at least replay.window',
    spec: changed(least, { 'topic.retention': '4m59s', 'replay.window': '5m' }),
  },
  {
    message: 'retention and config["retention.ms"] are the same setting',
    spec: changed(least, { 'topic.retention': '1h', 'topic.config': { 'retention.ms': '1' } }),
  },
  { message: 'a topic cannot be named . or ..', spec: changed(least, { 'topic.name': '..' }) },
  {
    message: 'the dead letter topic must be another topic',
    spec: changed(least, { 'topic.name': 'a.b', 'topic.deadLetters': { name: 'a.b' } }),
  },
  {
    message: 'the control topic must be another topic than the channel',
    spec: changed(least, { 'topic.name': 'a.b', 'topic.control': { name: 'a.b' } }),
  },
  {
    message: 'the control topic must be another topic than that of the dead letters',
    spec: changed(least, { 'topic.deadLetters': { name: 'a.b' }, 'topic.control': { name: 'a.b' } }),
  },
  {
    message: 'topics whose names begin with __ belong to Kafka',
    spec: changed(least, { 'topic.control': { name: '__consumer_offsets' } }),
  },
  { message: 'a topic cannot be named . or ..', spec: changed(least, { 'topic.control': { name: '..' } }) },
  { message: 'topics whose names begin with __ belong to Kafka', spec: changed(least, { 'topic.name': '__consumer_offsets' }) },
  {
    message: 'topics whose names begin with __ belong to Kafka',
    spec: changed(least, { 'topic.deadLetters': { name: '__consumer_offsets' } }),
  },
  { message: 'a topic cannot be named . or ..', spec: changed(least, { 'topic.deadLetters': { name: '.' } }) },
  { message: 'retention must be at least 1m', spec: changed(least, { 'topic.deadLetters': { retention: '59s' } }) },
  {
    message: "the upstream topic must be another topic than the channel's own",
    spec: changed(byGatewayApi, { 'topic.name': 'a.b', 'upstream.topic': { name: 'a.b' } }),
  },
  {
    message: 'the upstream topic must be another topic than that of the dead letters',
    spec: changed(byGatewayApi, { 'topic.deadLetters': { name: 'a.b' }, 'upstream.topic': { name: 'a.b' } }),
  },
  {
    message: 'the upstream topic must be another topic than the control topic',
    spec: changed(byGatewayApi, { 'topic.control': { name: 'a.b' }, 'upstream.topic': { name: 'a.b' } }),
  },
  { message: 'a topic cannot be named . or ..', spec: changed(byGatewayApi, { 'upstream.topic': { name: '.' } }) },
  { message: 'topics whose names begin with __ belong to Kafka', spec: changed(byGatewayApi, { 'upstream.topic': { name: '__a' } }) },
  { message: 'retention must be at least 1m', spec: changed(byGatewayApi, { 'upstream.topic': { retention: '59s' } }) },
  {
    message: 'retention and config["retention.ms"] are the same setting',
    spec: changed(byGatewayApi, { 'upstream.topic': { retention: '1h', config: { 'retention.ms': '1' } } }),
  },
  {
    message: 'two rules accept the same type or prefix',
    spec: changed(least, { upstream: { accept: [{ type: 'a' }, { typePrefix: 'a' }, { type: 'a', roles: ['b'] }] } }),
  },
  {
    message: 'two rules accept the same type or prefix',
    spec: changed(least, { upstream: { accept: [{ typePrefix: 'a.' }, { type: 'a.' }, { typePrefix: 'a.' }] } }),
  },
  {
    message: 'a rule has exactly one of type and typePrefix',
    spec: changed(least, { upstream: { accept: [{ type: 'a', typePrefix: 'a' }] } }),
  },
  { message: 'a rule has exactly one of type and typePrefix', spec: changed(least, { upstream: { accept: [{ maxBytes: 1 }] } }) },
  {
    message: 'types that begin with dev.carillon. are commands',
    spec: changed(least, { upstream: { accept: [{ type: 'dev.carillon.token' }] } }),
  },
  {
    message: 'types that begin with dev.carillon. are commands',
    spec: changed(least, { upstream: { accept: [{ typePrefix: 'dev.carillon.' }] } }),
  },
  { message: 'heartbeat must be from 1s to 10m', spec: changed(least, { 'gateway.heartbeat': '999ms' }) },
  { message: 'heartbeat must be from 1s to 10m', spec: changed(least, { 'gateway.heartbeat': '10m1ms' }) },
  { message: 'KAFKA_CLIENT_ID cannot be set', spec: changed(least, { 'gateway.env': [{ name: 'KAFKA_CLIENT_ID', value: 'a' }] }) },
  { message: 'KAFKA_DLQ cannot be set', spec: changed(least, { 'gateway.env': [{ name: 'KAFKA_DLQ', value: 'false' }] }) },
  {
    message: 'KAFKA_DLQ_TOPIC cannot be set',
    spec: changed(least, { 'gateway.env': [{ name: 'KAFKA_DLQ_TOPIC', value: 'payments.ledger' }] }),
  },
  { message: 'retention must be at least 1m', spec: changed(least, { 'topic.retention': '59s', 'replay.window': '1s' }) },
  { message: 'gateway takes exactly one of replicas', spec: changed(byGatewayApi, { 'gateway.replicas': 3 }) },
  {
    message: 'minReplicas must not exceed maxReplicas',
    spec: changed(least, { gateway: { autoscaling: { minReplicas: 2, maxReplicas: 1 } } }),
  },
  { message: 'auth takes allowedOrigins', spec: changed(least, { 'auth.dangerouslyAllowAnyOrigin': true }) },
  { message: 'jwks takes exactly one of', spec: changed(least, { 'auth.jwks.secretRef': { name: 'keys' } }) },
  { message: 'burst must be at least ratePerSecond', spec: changed(least, { emit: { ratePerSecond: 2001, burst: 2000 } }) },
  { message: 'the authorities of jwks come from one place', spec: changed(ofCompany, { 'auth.jwks.caSecretRef': { name: 'ca' } }) },
  {
    message: 'caSecretRef and caConfigMapRef are for the server behind uri',
    spec: changed(least, { 'auth.jwks': { secretRef: { name: 'keys' }, caSecretRef: { name: 'ca' } } }),
  },
  { message: 'window must be from 1s to 24h', spec: changed(least, { 'replay.window': '24h1ms' }) },
  { message: 'window must be from 1s to 24h', spec: changed(least, { 'replay.window': '999ms' }) },
  { message: 'maxBytes must be from 64Ki to 8Gi', spec: changed(least, { 'replay.maxBytes': 65_535 }) },
  { message: 'maxBytes must be from 64Ki to 8Gi', spec: changed(least, { 'replay.maxBytes': '8193Mi' }) },
  {
    message: 'connectionsBurst must be at least',
    spec: changed(least, { limits: { connectionsPerSecond: 5001, connectionsBurst: 5000 } }),
  },
  { message: 'className belongs to an Ingress', spec: changed(byGatewayApi, { 'route.className': 'traefik' }) },
  { message: 'parentRefs belongs to an HTTPRoute', spec: changed(byIngress, { 'route.parentRefs': [{ name: 'public' }] }) },
  { message: "the certificate of an HTTPRoute is its Gateway's", spec: changed(byGatewayApi, { 'route.tls': { secretName: 'mine' } }) },
  {
    message: 'requests must not exceed limits',
    spec: changed(least, { 'gateway.resources': { requests: { cpu: 2 }, limits: { cpu: '1999m' } } }),
  },
  { message: 'a key here is NAME or PREFIX/NAME', spec: changed(least, { 'gateway.podLabels': { 'bad key!': '1' } }) },
  { message: 'a key here is NAME or PREFIX/NAME', spec: changed(least, { 'gateway.podAnnotations': { 'Example.com/name': '1' } }) },
  { message: 'a key here is NAME or PREFIX/NAME', spec: changed(least, { 'gateway.nodeSelector': { 'a/b/c': '1' } }) },
  { message: 'a key here is NAME or PREFIX/NAME', spec: changed(byIngress, { 'route.labels': { '-a': '1' } }) },
  { message: 'a key here is NAME or PREFIX/NAME', spec: changed(byIngress, { 'route.annotations': { ['a'.repeat(64)]: '1' } }) },
  { message: 'a key here is NAME or PREFIX/NAME', spec: changed(least, { 'service.annotations': { '/a': '1' } }) },
  { message: 'socket and api need different prefixes', spec: changed(least, { 'route.paths': { socket: '/a', api: '/a' } }) },
]

/** Specs just within those rules. A class may still fill in what they leave out. */
export const takenSpecs: readonly RealtimeChannelSpec[] = [
  {},
  { route: {} },
  changed(least, { 'auth.jwks': {}, 'auth.allowedOrigins': undefined }),
  changed(byGatewayApi, { 'route.parentRefs': undefined }),
  least,
  byIngress,
  byGatewayApi,
  ofCompany,
  changed(least, { 'topic.retention': '5m' }),
  changed(least, { 'topic.retention': '1m', 'replay.window': '1m' }),
  changed(least, { gateway: { autoscaling: { maxReplicas: 2 } } }),
  changed(least, { gateway: { replicas: 0 } }),
  changed(least, { 'auth.allowedOrigins': undefined, 'auth.dangerouslyAllowAnyOrigin': true }),
  changed(least, { emit: { ratePerSecond: 2000 } }),
  changed(least, { 'replay.window': '24h' }),
  changed(least, { 'replay.window': '0h1s' }),
  changed(least, { 'replay.maxBytes': 65_536 }),
  changed(least, { 'replay.maxBytes': '8Gi' }),
  changed(least, {
    'gateway.podLabels': { 'app.example.com/tier': 'front', ['a'.repeat(63)]: '', a_1: 'B.c-d' },
    'gateway.podAnnotations': { 'example.com/A_b.c': 'any text: {"of": "any form"}' },
  }),
  changed(least, { 'gateway.resources': { requests: { memory: '1Gi', cpu: 3 }, limits: { memory: '1024Mi' } } }),
  changed(least, { route: undefined }),
  changed(least, { route: { type: 'None', className: 'traefik' } }),
]
