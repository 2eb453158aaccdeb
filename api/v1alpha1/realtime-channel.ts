import type { ObjectMeta, ResourceType } from '../kubernetes.ts'
import { parseDurationMs } from '../../program/durations.ts'
import { readSchema } from '../read-schema.ts'
import { auth, emit } from './schema/auth.ts'
import { gateway, network, service, tracing } from './schema/gateway.ts'
import type { Effective, JsonSchema, Written } from './schema/json-schema.ts'
import { kafka, topic } from './schema/kafka.ts'
import { objectName } from './schema/parts.ts'
import { limits, replay } from './schema/replay.ts'
import { isAtMost } from './schema/rules.ts'
import { route } from './schema/route.ts'
import { status } from './schema/status.ts'
import { upstream } from './schema/upstream.ts'

interface Held {
  readonly topic?: {
    readonly retention?: string
    readonly name?: string
    readonly deadLetters?: { readonly name?: string }
    readonly control?: { readonly name?: string }
  }
  readonly replay?: { readonly window?: string }
  readonly upstream?: { readonly topic?: { readonly name?: string } }
}

/** Rule that the upstream topic is not another topic that the channel names. */
function notUpstream<Field extends string>(field: Field, what: string, nameOf: (topic: NonNullable<Held['topic']>) => string | undefined) {
  const parents = field.split('.').map((_, index, parts) => parts.slice(0, index + 1).join('.'))
  const has = parents.map((path) => `!has(self.topic.${path})`).join(' || ')
  return {
    rule: `!has(self.upstream) || !has(self.upstream.topic) || !has(self.upstream.topic.name) || !has(self.topic) || ${has} || self.upstream.topic.name != self.topic.${field}`,
    message: `the upstream topic must be another topic than ${what}`,
    fieldPath: '.upstream.topic.name',
    holds: ({ topic: own = {}, upstream: { topic: { name } = {} } = {} }: Held) => name === undefined || name !== nameOf(own),
  } as const
}

/**
 * The resource `RealtimeChannel` of `carillon.dev/v1alpha1`, written once. From it come the types below, the CustomResourceDefinition of the chart,
 * the props of the cdk8s construct, the output of `kubectl explain`, and docs/reference/realtimechannel.md.
 */
export const specSchema = {
  type: 'object',
  description: 'The channel as it is wanted.',
  properties: {
    className: {
      ...objectName,
      description:
        'The RealtimeChannelClass, which provides defaults and limits. Default: the class with the annotation carillon.dev/is-default-class.',
    },
    kafka,
    topic,
    gateway,
    network,
    service,
    auth,
    emit,
    upstream,
    replay,
    limits,
    tracing,
    route,
  },
  'x-kubernetes-validations': [
    {
      rule: '!has(self.topic) || !has(self.topic.retention) || !has(self.replay) || !has(self.replay.window) || duration(self.topic.retention) >= duration(self.replay.window)',
      message: 'topic.retention must be at least replay.window: events that a client may resume from would be gone',
      holds: ({ topic: { retention } = {}, replay: { window } = {} }: Held) =>
        retention === undefined || window === undefined || isAtMost(parseDurationMs(window), parseDurationMs(retention)),
    },
    notUpstream('name', "the channel's own", ({ name }) => name),
    notUpstream('deadLetters.name', 'that of the dead letters', ({ deadLetters }) => deadLetters?.name),
    notUpstream('control.name', 'the control topic', ({ control }) => control?.name),
  ],
} as const satisfies JsonSchema

export const statusSchema = status

export const apiGroup = 'carillon.dev'
export const apiVersion = `${apiGroup}/v1alpha1`
export const channelKind = 'RealtimeChannel'

export const channelType: ResourceType = {
  group: apiGroup,
  version: 'v1alpha1',
  plural: 'realtimechannels',
  kind: channelKind,
  isNamespaced: true,
}

/** `spec` as a user writes it and as the API server returns it. A field that has a default, or may come from the class, may be left out. */
export type RealtimeChannelSpec = Written<typeof specSchema>

/** `spec` with the values of the class, and the defaults of the schema, for what the channel leaves out. */
export type StoredSpec = Effective<typeof specSchema>

export type RealtimeChannelStatus = Effective<typeof statusSchema>

/** Channel as users wrote it. */
export interface WrittenChannel {
  readonly apiVersion: typeof apiVersion
  readonly kind: typeof channelKind
  readonly metadata: ObjectMeta
  readonly spec: RealtimeChannelSpec
  readonly status?: RealtimeChannelStatus
}

/** Channel with the values of its class and the defaults of the schema: what the operator plans and applies. */
export interface RealtimeChannel extends WrittenChannel {
  readonly spec: StoredSpec
}

/** Returns the spec with the defaults of the schema. What is missing and has no default stays missing: a class may give it. */
export function withDefaults(spec: RealtimeChannelSpec): StoredSpec {
  // The schema is the one that the type is made of.
  return readSchema(specSchema, spec, { path: 'spec', withDefaults: true, typesOnly: true }).stored as StoredSpec
}

/** Annotations of a channel by which users and tools ask something of the operator. */
export const annotations = {
  /** "true": the operator does not change this channel until the annotation is removed. */
  paused: 'carillon.dev/paused',
  /** "true": use a topic that exists and does not match the channel. */
  adopt: 'carillon.dev/adopt',
  /** Any value: write the plan as an Event, once per value, and change nothing. */
  plan: 'carillon.dev/plan',
  /** "true": create the topic again after something other than the operator deleted it, although its records are lost. */
  recreateTopic: 'carillon.dev/recreate-topic',
  /** Lease of an operator that leaves the channel to another operator, which was there first. That operator writes it. */
  leftBy: 'carillon.dev/left-by',
} as const
