import { channelNamePattern, maxChannelNameLength } from '../child-names.ts'
import { definitionName, hashOf, renderDefinition, type Definition } from './definition.ts'
import { channelType, specSchema, statusSchema } from './realtime-channel.ts'
import type { StructuralSchema } from './schema/json-schema.ts'
import { toStructural } from './structural-schema.ts'

export const crdName = definitionName(channelType)

/** Schema by which the API server checks a channel: the whole object but `metadata`, which it knows itself and refuses to have described. */
export const channelSchema = {
  type: 'object',
  description:
    'A RealtimeChannel is a Kafka topic, gateways that deliver its events to browsers, and the route by which browsers reach the gateways.',
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
      message: `the name of a channel has at most ${maxChannelNameLength} characters (a-z, 0-9 and -) and begins with a letter, because its Service is named after it`,
    },
  ],
} as const satisfies StructuralSchema

/** Columns of `kubectl get`. Those of priority 1 are shown with `-o wide`. */
const columns = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    description: 'True: browsers can connect, and everything is as the channel asks.',
  },
  {
    name: 'Reason',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    description: 'Reason of that status, as one word.',
  },
  { name: 'Topic', type: 'string', jsonPath: '.status.topic.name', description: 'The topic in Kafka.' },
  { name: 'Replicas', type: 'integer', jsonPath: '.status.replicas', description: 'Number of pods.' },
  { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'URL at which browsers connect.' },
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
