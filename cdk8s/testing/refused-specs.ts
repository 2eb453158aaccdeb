import { companyExample, gatewayApiExample, ingressExample, minimalExample } from '../../operator/api/v1alpha1/examples.ts'
import type { RealtimeChannelSpec } from '../../operator/api/v1alpha1/realtime-channel.ts'
import { withField } from '../../operator/testing/schema-bounds.ts'

export interface RefusedSpec {
  /** Of the rule that refuses it: how its message begins. */
  readonly message: string
  readonly spec: RealtimeChannelSpec
}

const [least, byIngress, byGatewayApi, ofCompany] = [minimalExample.spec, ingressExample.spec, gatewayApiExample.spec, companyExample.spec]

const changed = (spec: RealtimeChannelSpec, changes: Readonly<Record<string, unknown>>): RealtimeChannelSpec =>
  Object.entries(changes).reduce((result, [path, value]) => withField(result, path, value), spec)

/** For every rule in CEL that judges a new channel, one that it refuses and no other rule does. */
export const refusedSpecs: readonly RefusedSpec[] = [
  { message: 'topic.retention must be at least replay.window', spec: changed(least, { 'topic.retention': '4m59s' }) },
  { message: 'retention is also config["retention.ms"]', spec: changed(least, { 'topic.retention': '1h', 'topic.config': { 'retention.ms': '1' } }) },
  { message: 'a topic cannot be named . or ..', spec: changed(least, { 'topic.name': '..' }) },
  { message: 'retention must be at least 1m', spec: changed(least, { 'topic.retention': '59s', 'replay.window': '1s' }) },
  { message: 'gateway takes exactly one of replicas', spec: changed(byGatewayApi, { 'gateway.replicas': 3 }) },
  { message: 'minReplicas must not exceed maxReplicas', spec: changed(least, { gateway: { autoscaling: { maxReplicas: 1 } } }) },
  { message: 'auth needs allowedOrigins', spec: changed(least, { 'auth.dangerouslyAllowAnyOrigin': true }) },
  { message: 'auth needs allowedOrigins', spec: changed(least, { 'auth.allowedOrigins': undefined }) },
  { message: 'jwks needs exactly one of', spec: changed(least, { 'auth.jwks': {} }) },
  { message: 'jwks needs exactly one of', spec: changed(least, { 'auth.jwks.secretRef': { name: 'keys' } }) },
  { message: 'the authorities of jwks come from one place', spec: changed(ofCompany, { 'auth.jwks.caSecretRef': { name: 'ca' } }) },
  { message: 'caSecretRef and caConfigMapRef are for the server behind uri', spec: changed(least, { 'auth.jwks': { secretRef: { name: 'keys' }, caSecretRef: { name: 'ca' } } }) },
  { message: 'burst must be at least ratePerSecond', spec: changed(least, { emit: { ratePerSecond: 2001 } }) },
  { message: 'window must be from 1s to 24h', spec: changed(least, { 'replay.window': '24h1ms' }) },
  { message: 'window must be from 1s to 24h', spec: changed(least, { 'replay.window': '999ms' }) },
  { message: 'maxBytes must be from 64Ki to 8Gi', spec: changed(least, { 'replay.maxBytes': 65_535 }) },
  { message: 'maxBytes must be from 64Ki to 8Gi', spec: changed(least, { 'replay.maxBytes': '8193Mi' }) },
  { message: 'connectionsBurst must be at least', spec: changed(least, { limits: { connectionsPerSecond: 5001 } }) },
  { message: 'a route needs a host', spec: changed(least, { route: { type: 'Ingress' } }) },
  { message: 'an HTTPRoute needs parentRefs', spec: changed(byGatewayApi, { 'route.parentRefs': undefined }) },
  { message: 'className is of an Ingress', spec: changed(byGatewayApi, { 'route.className': 'traefik' }) },
  { message: 'parentRefs is of an HTTPRoute', spec: changed(byIngress, { 'route.parentRefs': [{ name: 'public' }] }) },
  { message: "the certificate of an HTTPRoute is its Gateway's", spec: changed(byGatewayApi, { 'route.tls': { secretName: 'mine' } }) },
  { message: 'socket and api need different prefixes', spec: changed(least, { 'route.paths': { socket: '/a', api: '/a' } }) },
]

/** Channels just within those rules. */
export const takenSpecs: readonly RealtimeChannelSpec[] = [
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
  changed(least, { route: undefined }),
  changed(least, { route: { type: 'None', className: 'traefik' } }),
]
