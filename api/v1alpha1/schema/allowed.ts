import { isAmbiguous } from '../../name-pattern.ts'
import type { JsonSchema } from './json-schema.ts'
import { labelMap, quantity } from './parts.ts'

/** Refuses a pattern that may give one thing to two namespaces. # stands for NAMESPACE, because CEL has no way to say "NAME, but not NAMESPACE". */
export const unambiguous = {
  rule: "!self.replace('NAMESPACE', '#').matches('([*]|NAME)[a-z0-9-]*#|#[a-z0-9-]*([*]|NAME)|([*]|NAME).*#.*([*]|NAME)')",
  message:
    'this pattern may give one thing to two namespaces: let NAMESPACE stand beside a dot or a slash, and leave something open on one side of it at most, as in NAMESPACE.*',
  holds: (pattern: string) => !isAmbiguous(pattern),
} as const

/** A pattern with NAMESPACE and NAME. */
const pattern = (what: string, characters: string) =>
  ({
    type: 'string',
    description: what,
    minLength: 1,
    maxLength: 253,
    pattern: characters,
    'x-kubernetes-validations': [unambiguous],
  }) as const satisfies JsonSchema

const list = <I extends JsonSchema>(description: string, items: I) =>
  ({ type: 'array', description, maxItems: 64, 'x-kubernetes-list-type': 'set', items }) as const

const key = {
  type: 'string',
  description: 'A key; `*` stands for any characters.',
  minLength: 1,
  maxLength: 317,
  pattern: '^[A-Za-z0-9*]([A-Za-z0-9._/*-]*[A-Za-z0-9*])?$',
} as const satisfies JsonSchema

const keyOrPair = {
  type: 'string',
  description: 'A key, or KEY=VALUE; `*` stands for any characters.',
  minLength: 1,
  maxLength: 381,
  pattern: '^[A-Za-z0-9*]([A-Za-z0-9._/*-]*[A-Za-z0-9*])?(=[A-Za-z0-9._*-]*)?$',
} as const satisfies JsonSchema

/** What a pod may have at most where the class does not say; of other resources nothing. */
export const defaultMaxResources = { cpu: '2', memory: '4Gi', 'ephemeral-storage': '4Gi' } as const

export const allowed = {
  type: 'object',
  description:
    'What channels of this class may ask for. Everything is closed where nothing is said. What the class provides in its defaults need not be allowed here; numbers are bounds for them, too. In patterns, NAMESPACE and NAME stand for those of the channel.',
  properties: {
    topics: {
      ...list(
        'Patterns of the topics that channels may use; `*` stands for any characters.',
        pattern('A pattern: NAMESPACE.* is one.', '^[A-Za-z0-9._*-]+$'),
      ),
      default: ['NAMESPACE.*'],
    },
    adopt: {
      type: 'boolean',
      description:
        'Whether the annotation carillon.dev/adopt takes effect: channels may change topics that the operator did not create for them.',
      default: false,
    },
    deletion: {
      type: 'string',
      description:
        'CreatedOnly: deletionPolicy Delete deletes a topic that the operator created for the channel. Never: channels may not ask for it.',
      enum: ['CreatedOnly', 'Never'],
      default: 'CreatedOnly',
    },
    maxPartitions: { type: 'integer', description: 'Most partitions of a topic.', minimum: 1, maximum: 1024, default: 32 },
    bootstrapServers: list(
      "Patterns of the brokers that channels may name, beside those of the class (spec.defaults.kafka, else those of the operator's options); `*` stands for characters other than a dot. Default: none.",
      pattern('A pattern, such as kafka.NAMESPACE.svc:9092.', '^[A-Za-z0-9._:*\\[\\]-]+$'),
    ),
    hosts: list(
      'Patterns of the hosts that routes may have; `*` stands for characters other than a dot. Default: none.',
      pattern('A pattern, such as NAMESPACE.apps.example.com.', '^[A-Za-z0-9.*-]+$'),
    ),
    pathPrefixes: {
      ...list(
        'Patterns of the paths that routes may have. Each allows all below it, too; `*` stands for characters other than a slash.',
        pattern('A pattern, such as /NAMESPACE/NAME.', '^(/[A-Za-z0-9._~*-]+)+$'),
      ),
      default: ['/wss/NAME', '/api/NAME'],
    },
    routeAnnotations: list('Keys of the annotations that routes may have, such as cert-manager.io/*. Default: none.', key),
    routeLabels: list('Keys of the labels that routes may have. Default: none.', key),
    serviceAnnotations: list('Keys of the annotations that the Service of a channel may have. Default: none.', key),
    images: list(
      "Patterns of the images that gateways may run, beside the operator's; `*` stands for any characters. Default: none.",
      pattern('A pattern: registry.example/NAMESPACE/* is one.', '^[A-Za-z0-9._:/@*-]+$'),
    ),
    maxReplicas: {
      type: 'integer',
      description: 'Most pods of a channel, fixed or chosen by its autoscaler. Channels that say nothing ask for 2.',
      minimum: 1,
      maximum: 1000,
      default: 10,
    },
    maxResources: {
      type: 'object',
      description: `What one pod may request, and be limited to, at most. What is left out is ${Object.entries(defaultMaxResources)
        .map(([name, value]) => `${value} of ${name}`)
        .join(', ')}, and nothing of all else. The memory limit that follows from replay.maxBytes counts.`,
      maxProperties: 16,
      additionalProperties: { ...quantity, description: 'A quantity, such as 2 or 4Gi.' },
    },
    env: list('Names of the variables that gateway.env may set, such as OTEL_*; `*` stands for any characters. Default: none.', {
      type: 'string',
      description: 'A name.',
      minLength: 1,
      maxLength: 128,
      pattern: '^[A-Z0-9_*]+$',
    }),
    scheduling: {
      type: 'object',
      description: 'Where pods may be placed. Spreading them is always allowed.',
      properties: {
        nodeSelector: list('Labels of nodes that nodeSelector may name, as KEY or KEY=VALUE. Default: none.', keyOrPair),
        tolerations: list(
          'Taints that pods may tolerate, as KEY or KEY=VALUE. A toleration without a key needs `*`. Default: none.',
          keyOrPair,
        ),
        priorityClassNames: list('Priority classes that pods may have; `*` stands for any characters. Default: none.', {
          type: 'string',
          description: 'Name of a PriorityClass.',
          minLength: 1,
          maxLength: 253,
          pattern: '^[a-z0-9*]([a-z0-9.*-]*[a-z0-9*])?$',
        }),
        affinity: { type: 'boolean', description: 'Whether channels may set affinity, by which pods choose their nodes.', default: false },
      },
    },
    podMetadata: {
      type: 'object',
      description: 'What pods may bear.',
      properties: {
        labels: list('Keys of the labels in podLabels. Default: none.', key),
        annotations: list('Keys of the annotations in podAnnotations. Default: none.', key),
      },
    },
    networkPeers: {
      type: 'boolean',
      description:
        'Whether channels may say themselves who reaches their pods, and what these reach: network.ingressFrom, metricsFrom and egress. Kubernetes adds NetworkPolicies up, so that each of them may open what another policy of the namespace closes.',
      default: false,
    },
    namespaces: {
      type: 'object',
      description:
        'Labels of the namespaces whose channels may use the class; every namespace has its name as the label kubernetes.io/metadata.name. Default: all namespaces.',
      properties: {
        matchLabels: { ...labelMap, description: 'Labels that a namespace must have, all of them.' },
        matchExpressions: {
          type: 'array',
          description: 'What must hold of the labels of a namespace, all of it.',
          maxItems: 32,
          items: {
            type: 'object',
            description: 'A requirement.',
            required: ['key', 'operator'],
            properties: {
              key: { type: 'string', description: 'Key of the label.', minLength: 1, maxLength: 317 },
              operator: { type: 'string', description: 'How values are compared.', enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
              values: {
                type: 'array',
                description: 'For In and NotIn: the values.',
                maxItems: 256,
                items: { type: 'string', description: 'A value.', maxLength: 63 },
              },
            },
          },
        },
      },
    },
  },
} as const satisfies JsonSchema
