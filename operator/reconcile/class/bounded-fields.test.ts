import { describe, expect, it } from 'vitest'
import { allowed } from '../../../api/v1alpha1/schema/allowed.ts'
import { specSchema } from '../../../api/v1alpha1/realtime-channel.ts'
import type { JsonSchema } from '../../../api/v1alpha1/schema/json-schema.ts'

/**
 * Every field of a channel: the bound of the class that it is held to, or why it needs none. A new field is a decision about what a tenant may do with it,
 * and this fails until the decision is made.
 */
const fields: Readonly<Record<string, { readonly bound: keyof (typeof allowed)['properties'] } | { readonly free: string }>> = {
  className: { bound: 'namespaces' },
  'kafka.bootstrapServers': { bound: 'bootstrapServers' },
  'kafka.tls': { free: 'names Secrets of the namespace, which the operator reads only where a Role lets it' },
  'kafka.sasl': { free: 'as kafka.tls' },
  'topic.name': { bound: 'topics' },
  'topic.partitions': { bound: 'maxPartitions' },
  'topic.replicas': { free: 'the brokers bound it' },
  'topic.retention': { free: 'quotas of the brokers bound what is kept' },
  'topic.config': { free: "settings of the channel's own topic; the brokers check them" },
  'topic.deadLetters': { bound: 'topics' },
  // A name that is not allowed refuses only the control topic (topic/plan-side-topic.ts).
  'topic.control': { bound: 'topics' },
  'topic.deletionPolicy': { bound: 'deletion' },
  'gateway.replicas': { bound: 'maxReplicas' },
  'gateway.autoscaling': { bound: 'maxReplicas' },
  'gateway.resources': { bound: 'maxResources' },
  'gateway.image': { bound: 'images' },
  'gateway.imagePullPolicy': { free: 'when, not what' },
  'gateway.imagePullSecrets': { free: 'Secrets of the namespace' },
  'gateway.podUser': { free: 'neither choice is root; the cluster assigns what it allows' },
  'gateway.drainSeconds': { free: 'the schema bounds it' },
  'gateway.logLevel': { free: "the channel's own logs" },
  'gateway.heartbeat': { free: 'the schema bounds it' },
  'gateway.env': { bound: 'env' },
  'gateway.nodeSelector': { bound: 'scheduling' },
  'gateway.tolerations': { bound: 'scheduling' },
  'gateway.affinity': { bound: 'scheduling' },
  'gateway.topologySpreadConstraints': { free: 'spreads pods over nodes that they may run on' },
  'gateway.priorityClassName': { bound: 'scheduling' },
  'gateway.podLabels': { bound: 'podMetadata' },
  'gateway.podAnnotations': { bound: 'podMetadata' },
  // Kubernetes adds NetworkPolicies up. In a namespace whose egress the platform denies, even `egress: {}` opens a port that the channel chose, by auth.jwks.uri.
  'network.ingressFrom': { bound: 'networkPeers' },
  'network.metricsFrom': { bound: 'networkPeers' },
  'network.egress': { bound: 'networkPeers' },
  'network.proxy': { free: 'pods of the namespace could use any proxy by themselves' },
  'service.ipFamilyPolicy': { free: 'an address of the cluster' },
  'service.annotations': { bound: 'serviceAnnotations' },
  'auth.jwks': { free: 'whom the channel believes about its own events' },
  'auth.resumeTickets': { free: 'as auth.jwks' },
  'auth.issuer': { free: 'as auth.jwks' },
  'auth.audience': { free: 'as auth.jwks' },
  'auth.audienceClaim': { free: 'as auth.jwks' },
  'auth.tokenTypes': { free: 'as auth.jwks' },
  'auth.allowedRequestHeaders': { free: 'as auth.allowedOrigins; the gateway ignores them' },
  'auth.algorithms': { free: 'as auth.jwks' },
  'auth.claims': { free: 'as auth.jwks' },
  'auth.cookieName': { free: 'as auth.jwks' },
  'auth.allowedOrigins': { free: "pages that may use the channel's own events" },
  'auth.dangerouslyAllowAnyOrigin': { free: 'as auth.allowedOrigins; docs/multi-tenancy.md has a policy against it' },
  'upstream.topic': { bound: 'upstream' },
  // The schema bounds what each user may write, and maxPartitions and topics bound the topic.
  'upstream.accept': { bound: 'upstream' },
  'emit.scopes': { free: 'who may emit into the channel itself' },
  'emit.trustXRhIdentity': { free: 'as emit.scopes' },
  'emit.ratePerSecond': { free: 'the schema bounds it, and maxResources the pod' },
  'emit.maxBatch': { free: 'as emit.ratePerSecond' },
  'emit.burst': { free: 'as emit.ratePerSecond' },
  'replay.window': { free: 'the schema bounds it' },
  'replay.maxBytes': { bound: 'maxResources' },
  'limits.connectionsPerPod': { free: 'maxResources bounds the pod' },
  'limits.connectionsPerUser': { free: 'as limits.connectionsPerPod' },
  'limits.connectionsPerSecond': { free: 'as limits.connectionsPerPod' },
  'limits.connectionsBurst': { free: 'as limits.connectionsPerPod' },
  'limits.audienceMembers': { free: 'as limits.connectionsPerPod' },
  'tracing.endpoint': { bound: 'env' },
  'tracing.protocol': { free: 'how, not where' },
  'tracing.samplePercent': { free: 'how much, not where' },
  'limits.eventBytes': { free: 'as limits.connectionsPerPod' },
  'route.type': { free: 'a route needs a host, which is bounded' },
  'route.host': { bound: 'hosts' },
  'route.paths': { bound: 'pathPrefixes' },
  'route.className': { free: 'hosts are bounded, whatever controller serves them' },
  'route.parentRefs': { free: 'a Gateway says itself which namespaces it takes routes of' },
  'route.tls': { free: 'a Secret of the namespace' },
  'route.annotations': { bound: 'routeAnnotations' },
  'route.labels': { bound: 'routeLabels' },
}

function pathsOf(schema: JsonSchema, path: string): readonly string[] {
  if (path.includes('.') || schema.properties === undefined) return [path]
  return Object.entries(schema.properties).flatMap(([name, field]) => pathsOf(field, path === '' ? name : `${path}.${name}`))
}

describe('a field of a channel', () => {
  it('has a bound in its class, or a reason why it needs none', () => {
    expect(pathsOf(specSchema, '').filter((path) => fields[path] === undefined)).toEqual([])
  })

  it('exists for every bound, except for the one of the annotation that adopts topics', () => {
    const used = new Set(Object.values(fields).flatMap((field) => ('bound' in field ? [field.bound] : [])))
    expect(Object.keys(allowed.properties).filter((bound) => !used.has(bound as keyof (typeof allowed)['properties']))).toEqual(['adopt'])
  })
})
