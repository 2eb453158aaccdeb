import { createHash } from 'node:crypto'
import { apiGroup, channelKind, channelType, specSchema, statusSchema } from './realtime-channel.ts'
import type { JsonSchema } from './schema/json-schema.ts'
import { toStructural } from './structural-schema.ts'

/** The annotation by which an operator sees whether the CustomResourceDefinition of the cluster is its own, an older or a newer one. */
export const schemaHashAnnotation = `${apiGroup}/schema-hash`

export const crdName = `${channelType.plural}.${apiGroup}`

/** Children are named after their channel, `NAME-gateway`, and a Service has a DNS label of 63 characters that begins with a letter. */
export const maxChannelNameLength = 63 - '-gateway'.length

/** What the API server judges: the whole object. `metadata` is missing, because it knows that by itself and refuses to have it described. */
export const channelSchema = {
  type: 'object',
  description: 'A RealtimeChannel is a Kafka topic, gateways that deliver its events to browsers, and the route on which browsers reach them.',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string', description: 'Version of the schema: carillon.dev/v1alpha1.', maxLength: 64 },
    kind: { type: 'string', description: 'Kind of the resource: RealtimeChannel.', maxLength: 64 },
    spec: toStructural(specSchema),
    status: statusSchema,
  },
  'x-kubernetes-validations': [
    {
      rule: `self.metadata.name.size() <= ${maxChannelNameLength} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')`,
      message: `the name of a channel has at most ${maxChannelNameLength} characters (a-z, 0-9 and -) and begins with a letter: its Service is named after it`,
    },
  ],
} as const satisfies JsonSchema

/** A column of `kubectl get`; those of priority 1 are shown with `-o wide`. */
const columns = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', description: 'Whether browsers can connect and all is as the channel asks.' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', description: 'Why, as one word.' },
  { name: 'Topic', type: 'string', jsonPath: '.status.topic.name', description: 'The topic in Kafka.' },
  { name: 'Replicas', type: 'integer', jsonPath: '.status.replicas', description: 'Pods that there are.' },
  { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'Where browsers connect.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since the channel was created.' },
  { name: 'Partitions', type: 'integer', jsonPath: '.status.topic.partitions', description: 'Partitions of the topic.', priority: 1 },
  { name: 'Class', type: 'string', jsonPath: '.status.className', description: 'The RealtimeChannelClass.', priority: 1 },
  { name: 'Brokers', type: 'string', jsonPath: '.status.brokers', description: 'The brokers.', priority: 1 },
] as const

/** The CustomResourceDefinition as it is applied; `scripts/generate-docs.ts` writes it into the chart. */
export function renderCustomResourceDefinition() {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: crdName, annotations: { [schemaHashAnnotation]: schemaHash() } },
    spec: {
      group: apiGroup,
      scope: 'Namespaced',
      names: { kind: channelKind, listKind: `${channelKind}List`, plural: channelType.plural, singular: 'realtimechannel', shortNames: ['rtc'], categories: ['carillon'] },
      versions: [
        {
          name: channelType.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { ...channelSchema, properties: { ...channelSchema.properties, metadata: { type: 'object' } } } },
          subresources: { status: {}, scale: { specReplicasPath: '.spec.gateway.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } },
          additionalPrinterColumns: columns,
        },
      ],
    },
  }
}

/** Another schema has another hash; the same schema has the same one on every machine. */
export function schemaHash(): string {
  return createHash('sha256').update(JSON.stringify([channelSchema, columns])).digest('hex').slice(0, 16)
}
