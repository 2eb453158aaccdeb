import { channelNamePattern, maxChannelNameLength } from '../child-names.ts'
import { definitionName, hashOf, renderDefinition, type Definition } from './definition.ts'
import { channelType, specSchema, statusSchema } from './realtime-channel.ts'
import type { StructuralSchema } from './schema/json-schema.ts'
import { toStructural } from './structural-schema.ts'

export const crdName = definitionName(channelType)

/** What the API server judges: the whole object. `metadata` is missing, because it knows that by itself and refuses to have it described. */
export const channelSchema = {
  type: 'object',
  description:
    'A RealtimeChannel is a Kafka topic, gateways that deliver its events to browsers, and the route on which browsers reach them.',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string', description: 'Version of the schema: carillon.dev/v1alpha1.', maxLength: 64 },
    kind: { type: 'string', description: 'Kind of the resource: RealtimeChannel.', maxLength: 64 },
    spec: toStructural(specSchema),
    status: statusSchema,
  },
  'x-kubernetes-validations': [
    {
      rule: `self.metadata.name.size() <= ${maxChannelNameLength} && self.metadata.name.matches('${channelNamePattern}')`,
      message: `the name of a channel has at most ${maxChannelNameLength} characters (a-z, 0-9 and -) and begins with a letter: its Service is named after it`,
    },
  ],
} as const satisfies StructuralSchema

/** A column of `kubectl get`; those of priority 1 are shown with `-o wide`. */
const columns = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    description: 'Whether browsers can connect and all is as the channel asks.',
  },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', description: 'Why, as one word.' },
  { name: 'Topic', type: 'string', jsonPath: '.status.topic.name', description: 'The topic in Kafka.' },
  { name: 'Replicas', type: 'integer', jsonPath: '.status.replicas', description: 'Pods that there are.' },
  { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'Where browsers connect.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since the channel was created.' },
  { name: 'Partitions', type: 'integer', jsonPath: '.status.topic.partitions', description: 'Partitions of the topic.', priority: 1 },
  { name: 'Class', type: 'string', jsonPath: '.status.className', description: 'The RealtimeChannelClass.', priority: 1 },
  { name: 'Brokers', type: 'string', jsonPath: '.status.brokers', description: 'The brokers.', priority: 1 },
] as const

const definition = {
  type: channelType,
  singular: 'realtimechannel',
  shortName: 'rtc',
  schema: channelSchema,
  columns,
  subresources: {
    status: {},
    scale: { specReplicasPath: '.spec.gateway.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' },
  },
} as const satisfies Definition

export const renderCustomResourceDefinition = () => renderDefinition(definition)

export const schemaHash = (): string => hashOf(definition)
