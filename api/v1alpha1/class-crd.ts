import { definitionName, hashOf, renderDefinition, type Definition } from './definition.ts'
import { classAnnotations, classSpecSchema, classType } from './realtime-channel-class.ts'
import type { StructuralSchema } from './schema/json-schema.ts'
import { toStructural } from './structural-schema.ts'

export const classCrdName = definitionName(classType)

/** Schema by which the API server checks a class: the whole object but `metadata`. */
export const classSchema = {
  type: 'object',
  description: 'A RealtimeChannelClass provides values for what RealtimeChannels leave out, and limits what they may ask for.',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string', description: 'Version of the schema: carillon.dev/v1alpha1.', maxLength: 64 },
    kind: { type: 'string', description: 'Kind of the resource: RealtimeChannelClass.', maxLength: 64 },
    spec: toStructural(classSpecSchema),
  },
} as const satisfies StructuralSchema

/** Columns of `kubectl get`. Those of priority 1 are shown with `-o wide`. */
const columns = [
  {
    name: 'Default',
    type: 'string',
    jsonPath: `.metadata.annotations['${classAnnotations.isDefault.replaceAll('.', '\\.')}']`,
    description: '"true": channels that name no class have this one.',
  },
  { name: 'Topics', type: 'string', jsonPath: '.spec.allowed.topics', description: 'Topics that channels may use. Empty: NAMESPACE.*.' },
  { name: 'Hosts', type: 'string', jsonPath: '.spec.allowed.hosts', description: 'Hosts that routes may have.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since the class was created.' },
  {
    name: 'Brokers',
    type: 'string',
    jsonPath: '.spec.defaults.kafka.bootstrapServers',
    description: "Brokers of channels that name none. Empty: those of the operator's options.",
    priority: 1,
  },
  {
    name: 'Issuer',
    type: 'string',
    jsonPath: '.spec.defaults.auth.issuer',
    description: 'Issuer of the tokens that channels accept, unless they name another.',
    priority: 1,
  },
] as const

const definition = {
  type: classType,
  singular: 'realtimechannelclass',
  shortName: 'rtcc',
  schema: classSchema,
  columns,
} as const satisfies Definition

export const renderClassDefinition = () => renderDefinition(definition)

export const classSchemaHash = (): string => hashOf(definition)
