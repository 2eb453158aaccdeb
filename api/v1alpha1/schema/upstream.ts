import { deliverTargets, ruleBounds, ruleDefaults } from '../../../gateway/config/accept-rule.ts'
import type { JsonSchema } from './json-schema.ts'
import { topicNameRules } from './kafka.ts'
import { durationPattern, ofKubernetes, topicNamePattern } from './parts.ts'
import { durationAtLeast } from './rules.ts'

/** Type of an event, or its beginning, in a rule. Exported for the types of the constructs. */
export interface NamesTypes {
  readonly type?: string
  readonly typePrefix?: string
}

const noCommand = {
  rule: "!self.startsWith('dev.carillon.')",
  message: 'types that begin with dev.carillon. are commands to the gateway, which no rule can accept',
  holds: (type: string) => !type.startsWith('dev.carillon.'),
} as const

const acceptRule = {
  type: 'object',
  description: 'A rule: the events that it accepts, and from which users.',
  properties: {
    type: {
      type: 'string',
      description: 'The type of the events.',
      minLength: 1,
      maxLength: ruleBounds.typeLength,
      'x-kubernetes-validations': [noCommand],
    },
    typePrefix: {
      type: 'string',
      description: 'The beginning of their type, such as chat.; an empty text accepts every type.',
      maxLength: ruleBounds.typeLength,
      'x-kubernetes-validations': [noCommand],
    },
    maxBytes: {
      type: 'integer',
      description: 'Largest data of an event, in bytes.',
      minimum: 1,
      maximum: ruleBounds.maxBytes,
      default: ruleDefaults.maxBytes,
    },
    ratePerUser: {
      type: 'integer',
      description: 'Events of this rule that a user may send per second.',
      minimum: 1,
      maximum: ruleBounds.ratePerUser,
      default: ruleDefaults.ratePerUser,
    },
    burst: {
      type: 'integer',
      description: 'Events of this rule that a user may send at once.',
      minimum: 1,
      maximum: ruleBounds.burst,
      default: ruleDefaults.burst,
    },
    roles: {
      type: 'array',
      description: 'Roles of which a user needs one. Without this field, every user of the channel may send.',
      minItems: 1,
      maxItems: ruleBounds.roles,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', description: 'A role.', minLength: 1, maxLength: ruleBounds.roleLength },
    },
    schema: ofKubernetes(
      'JSON Schema of the data, without regular expressions and references, of at most 16384 bytes. The operator refuses another one (InvalidGatewayOptions).',
    ),
    deliverTo: {
      type: 'string',
      description:
        'Users who get the event on the channel as well. none: the event is only in the upstream topic. self: the user who sent it, on all connections. organization: all users of the organization of that user.',
      enum: deliverTargets,
      default: ruleDefaults.deliverTo,
    },
  },
  'x-kubernetes-validations': [
    {
      rule: 'has(self.type) != has(self.typePrefix)',
      message: 'a rule has exactly one of type and typePrefix',
      holds: ({ type, typePrefix }: NamesTypes) => (type === undefined) !== (typePrefix === undefined),
    },
  ],
} as const satisfies JsonSchema

const upstreamTopic = {
  type: 'object',
  description:
    'The topic for the events of browsers. The operator creates it, adds partitions to it, and keeps the settings that the channel names.',
  default: {},
  properties: {
    name: {
      type: 'string',
      description:
        "Name of the upstream topic. Default: the name of the channel's topic with .upstream appended. It cannot be another topic of a channel.",
      minLength: 1,
      maxLength: 249,
      pattern: topicNamePattern,
      'x-kubernetes-validations': topicNameRules,
    },
    partitions: {
      type: 'integer',
      description:
        "Number of partitions. The user is the key of an event. It may grow, but not shrink. Without this field: as many as the channel's topic when the upstream topic is created.",
      minimum: 1,
      maximum: 1024,
      'x-kubernetes-validations': [
        {
          rule: 'self >= oldSelf',
          message: 'partitions can only grow: Kafka cannot remove partitions. Name another topic with fewer',
          holds: null,
        },
      ],
    },
    replicas: {
      type: 'integer',
      description: "Replication factor. Default: that of the channel's topic. Cannot be changed.",
      minimum: 1,
      maximum: 100,
      'x-kubernetes-validations': [
        {
          rule: 'self == oldSelf',
          message: "the replication factor cannot be changed here: move the partitions with Kafka's tools",
          holds: null,
        },
      ],
    },
    retention: {
      type: 'string',
      description: "Time for which the events are kept (retention.ms), such as 168h. Default: the brokers' own.",
      maxLength: 32,
      pattern: durationPattern,
      'x-kubernetes-validations': [durationAtLeast('retention', '1m')],
    },
    config: {
      type: 'object',
      description: "Further settings of the topic. min.insync.replicas is that of the channel's topic.config, unless it is set here.",
      maxProperties: 64,
      additionalProperties: { type: 'string', description: 'The value, as Kafka writes it.', maxLength: 4096 },
    },
  },
  'x-kubernetes-validations': [
    {
      rule: "!has(self.retention) || !has(self.config) || !('retention.ms' in self.config)",
      message: 'retention and config["retention.ms"] are the same setting: set one of them',
      fieldPath: '.config',
      holds: ({ retention, config = {} }: { readonly retention?: string; readonly config?: Readonly<Record<string, string>> }) =>
        retention === undefined || config['retention.ms'] === undefined,
    },
  ],
} as const satisfies JsonSchema

export const upstream = {
  type: 'object',
  description:
    'Events that browsers send on their connections. Gateways write them into a topic of their own, for services to read. Without this section, the gateways refuse them.',
  required: ['accept'],
  properties: {
    topic: upstreamTopic,
    accept: {
      type: 'array',
      description: 'Events that browsers may send. The first rule whose type or prefix matches decides.',
      minItems: 1,
      maxItems: ruleBounds.rules,
      items: acceptRule,
      'x-kubernetes-validations': [
        {
          rule: 'self.all(a, self.exists_one(b, has(a.type) == has(b.type) && (has(a.type) ? a.type == b.type : (has(a.typePrefix) == has(b.typePrefix) && (!has(a.typePrefix) || a.typePrefix == b.typePrefix)))))',
          message: 'two rules accept the same type or prefix, and only the first of them would hold: remove one',
          holds: (rules: readonly NamesTypes[]) =>
            new Set(rules.map(({ type, typePrefix }) => JSON.stringify([type, typePrefix]))).size === rules.length,
        },
      ],
    },
  },
} as const satisfies JsonSchema
