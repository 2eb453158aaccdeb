import { isAmbiguous } from '../../name-pattern.ts'
import type { JsonSchema } from './json-schema.ts'
import { labelMap, quantity } from './parts.ts'

/** Refuses a pattern that may give one thing to two namespaces. The rule writes # for NAMESPACE: CEL cannot say "NAME, but not NAMESPACE". */
export const unambiguous = {
  rule: "!self.replace('NAMESPACE', '#').matches('([*]|NAME)[a-z0-9-]*#|#[a-z0-9-]*([*]|NAME)|([*]|NAME).*#.*([*]|NAME)')",
  message:
    'this pattern may give one thing to two namespaces: put NAMESPACE beside a dot or a slash, with * or NAME on at most one side of it, as in NAMESPACE.*',
  holds: (pattern: string) => !isAmbiguous(pattern),
} as const

/** Pattern with NAMESPACE and NAME. */
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
  description: 'A key; `*` matches any characters.',
  minLength: 1,
  maxLength: 317,
  pattern: '^[A-Za-z0-9*]([A-Za-z0-9._/*-]*[A-Za-z0-9*])?$',
} as const satisfies JsonSchema

const keyOrPair = {
  type: 'string',
  description: 'A key, or KEY=VALUE; `*` matches any characters.',
  minLength: 1,
  maxLength: 381,
  pattern: '^[A-Za-z0-9*]([A-Za-z0-9._/*-]*[A-Za-z0-9*])?(=[A-Za-z0-9._*-]*)?$',
} as const satisfies JsonSchema

/** Most that a pod may have where the class sets no limit. Of other resources it may have nothing. */
export const defaultMaxResources = { cpu: '2', memory: '4Gi', 'ephemeral-storage': '4Gi' } as const

export const allowed = {
  type: 'object',
  description:
    'Limits on what channels of this class may ask for. A field that is left out allows nothing beyond its default. Values that the class provides in its defaults need not be allowed here, but numbers are bounds for them, too. In patterns, NAMESPACE and NAME are replaced by those of the channel.',
  properties: {
    topics: {
      ...list(
        'Patterns of the topics that channels may use; `*` matches any characters.',
        pattern('A pattern, such as NAMESPACE.*.', '^[A-Za-z0-9._*-]+$'),
      ),
      default: ['NAMESPACE.*'],
    },
    adopt: {
      type: 'boolean',
      description:
        'true: the annotation carillon.dev/adopt takes effect, so that channels may change topics that the operator did not create for them.',
      default: false,
    },
    deletion: {
      type: 'string',
      description:
        'CreatedOnly: deletionPolicy Delete deletes a topic that the operator created for the channel. Never: channels cannot ask for deletion.',
      enum: ['CreatedOnly', 'Never'],
      default: 'CreatedOnly',
    },
    maxPartitions: { type: 'integer', description: 'Most partitions of a topic.', minimum: 1, maximum: 1024, default: 32 },
    bootstrapServers: list(
      "Patterns of the brokers that channels may name, beside those of the class (spec.defaults.kafka, else those of the operator's options); `*` matches characters other than a dot. Default: none.",
      pattern('A pattern, such as kafka.NAMESPACE.svc:9092.', '^[A-Za-z0-9._:*\\[\\]-]+$'),
    ),
    hosts: list(
      'Patterns of the hosts that routes may have; `*` matches characters other than a dot. Default: none.',
      pattern('A pattern, such as NAMESPACE.apps.example.com.', '^[A-Za-z0-9.*-]+$'),
    ),
    pathPrefixes: {
      ...list(
        'Patterns of the paths that routes may have. Each allows all paths below it, too; `*` matches characters other than a slash.',
        pattern('A pattern, such as /NAMESPACE/NAME.', '^(/[A-Za-z0-9._~*-]+)+$'),
      ),
      default: ['/wss/NAME', '/api/NAME'],
    },
    routeAnnotations: list('Keys of the annotations that routes may have, such as cert-manager.io/*. Default: none.', key),
    routeLabels: list('Keys of the labels that routes may have. Default: none.', key),
    serviceAnnotations: list('Keys of the annotations that the Service of a channel may have. Default: none.', key),
    images: list(
      "Patterns of the images that gateways may run, beside the operator's; `*` matches any characters. Default: none.",
      pattern('A pattern, such as registry.example/NAMESPACE/*.', '^[A-Za-z0-9._:/@*-]+$'),
    ),
    maxReplicas: {
      type: 'integer',
      description: 'Most pods of a channel, fixed or chosen by its autoscaler. A channel that sets no number asks for 2.',
      minimum: 1,
      maximum: 1000,
      default: 10,
    },
    maxResources: {
      type: 'object',
      description: `Most that one pod may request, and be limited to. Default: ${Object.entries(defaultMaxResources)
        .map(([name, value]) => `${value} of ${name}`)
        .join(', ')}, and nothing of any other resource. The memory limit that follows from replay.maxBytes counts.`,
      maxProperties: 16,
      additionalProperties: { ...quantity, description: 'A quantity, such as 2 or 4Gi.' },
    },
    env: list('Names of the variables that gateway.env may set, such as OTEL_*; `*` matches any characters. Default: none.', {
      type: 'string',
      description: 'A name.',
      minLength: 1,
      maxLength: 128,
      pattern: '^[A-Z0-9_*]+$',
    }),
    scheduling: {
      type: 'object',
      description: 'Limits on where pods may be placed. Spreading them is always allowed.',
      properties: {
        nodeSelector: list('Labels of nodes that nodeSelector may name, as KEY or KEY=VALUE. Default: none.', keyOrPair),
        tolerations: list(
          'Taints that pods may tolerate, as KEY or KEY=VALUE. A toleration without a key needs `*`. Default: none.',
          keyOrPair,
        ),
        priorityClassNames: list('Priority classes that pods may have; `*` matches any characters. Default: none.', {
          type: 'string',
          description: 'Name of a PriorityClass.',
          minLength: 1,
          maxLength: 253,
          pattern: '^[a-z0-9*]([a-z0-9.*-]*[a-z0-9*])?$',
        }),
        affinity: { type: 'boolean', description: 'true: channels may set affinity, by which pods choose their nodes.', default: false },
      },
    },
    podMetadata: {
      type: 'object',
      description: 'Labels and annotations that pods may have.',
      properties: {
        labels: list('Keys of the labels in podLabels. Default: none.', key),
        annotations: list('Keys of the annotations in podAnnotations. Default: none.', key),
      },
    },
    networkPeers: {
      type: 'boolean',
      description:
        'true: channels may set network.ingressFrom, metricsFrom and egress, which decide who reaches their pods and what the pods reach. Kubernetes adds NetworkPolicies up, so each of them may open what another policy of the namespace closes.',
      default: false,
    },
    upstream: {
      type: 'boolean',
      description:
        'true: channels may have a section upstream, by which every user of theirs can write into a topic, within the rules of the channel.',
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
          description: 'Requirements on the labels of a namespace, which must meet all of them.',
          maxItems: 32,
          items: {
            type: 'object',
            description: 'A requirement.',
            required: ['key', 'operator'],
            properties: {
              key: { type: 'string', description: 'Key of the label.', minLength: 1, maxLength: 317 },
              operator: { type: 'string', description: 'How the label is compared.', enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
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
