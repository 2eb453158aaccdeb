import type { ObjectMeta, ResourceType } from '../kubernetes.ts'
import { parseDurationMs } from '../durations.ts'
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

interface Held {
  readonly topic?: { readonly retention?: string }
  readonly replay?: { readonly window?: string }
}

/**
 * The resource `RealtimeChannel` of `carillon.dev/v1alpha1`, said once. From it come the types below, the CustomResourceDefinition of the chart,
 * the props of the cdk8s construct, what `kubectl explain` says, and docs/reference/realtimechannel.md.
 */
export const specSchema = {
  type: 'object',
  description: 'What is wanted.',
  properties: {
    className: {
      ...objectName,
      description:
        'The RealtimeChannelClass that says what is filled in and what is allowed. Default: the class with the annotation carillon.dev/is-default-class.',
    },
    kafka,
    topic,
    gateway,
    network,
    service,
    auth,
    emit,
    replay,
    limits,
    tracing,
    route,
  },
  'x-kubernetes-validations': [
    {
      rule: '!has(self.topic) || !has(self.topic.retention) || !has(self.replay) || !has(self.replay.window) || duration(self.topic.retention) >= duration(self.replay.window)',
      message: 'topic.retention must be at least replay.window: events that clients may come back for would be gone',
      holds: ({ topic: { retention } = {}, replay: { window } = {} }: Held) =>
        retention === undefined || window === undefined || isAtMost(parseDurationMs(window), parseDurationMs(retention)),
    },
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

/** `spec` as a user writes it, and as the API server hands it out: what has a default, or may come from the class, may be left out. */
export type RealtimeChannelSpec = Written<typeof specSchema>

/** `spec` as it holds: what the channel leaves out is its class's, else the schema's default. */
export type StoredSpec = Effective<typeof specSchema>

export type RealtimeChannelStatus = Effective<typeof statusSchema>

/** A channel as people wrote it. */
export interface WrittenChannel {
  readonly apiVersion: typeof apiVersion
  readonly kind: typeof channelKind
  readonly metadata: ObjectMeta
  readonly spec: RealtimeChannelSpec
  readonly status?: RealtimeChannelStatus
}

/** A channel as it holds: what the operator plans and carries out. */
export interface RealtimeChannel extends WrittenChannel {
  readonly spec: StoredSpec
}

/** Returns the spec with the defaults of the schema. What is missing and has no default stays missing: a class may give it. */
export function withDefaults(spec: RealtimeChannelSpec): StoredSpec {
  // The schema is the one that the type is made of.
  return readSchema(specSchema, spec, { path: 'spec', withDefaults: true }).stored as StoredSpec
}

/** What people and tools say to the operator by annotations of a channel. */
export const annotations = {
  /** "true": the operator changes nothing of this channel until it is taken away. */
  paused: 'carillon.dev/paused',
  /** "true": take a topic that exists and does not match the channel. */
  adopt: 'carillon.dev/adopt',
  /** Any value: write the plan that would be carried out as an Event, once per value, and change nothing. */
  plan: 'carillon.dev/plan',
  /** "true": make a topic anew that was deleted behind the operator's back, though its records are lost. */
  recreateTopic: 'carillon.dev/recreate-topic',
  /** Written by an operator that leaves the channel to another one, which was there first: the Lease of the one that leaves it. */
  leftBy: 'carillon.dev/left-by',
} as const
