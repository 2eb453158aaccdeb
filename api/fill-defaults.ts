import type { StoredSpec, RealtimeChannelSpec } from './v1alpha1/realtime-channel.ts'
import { specSchema } from './v1alpha1/realtime-channel.ts'
import type { JsonSchema } from './v1alpha1/schema/json-schema.ts'

/** The spec with the defaults of the schema, as it holds where no class says otherwise. Of what is missing and has no default it knows nothing. */
export function fillDefaults(spec: RealtimeChannelSpec): StoredSpec {
  // The same schema says both what has a default and what the type has; what a class must give is the caller's to see to.
  return filled(specSchema, spec) as StoredSpec
}

/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting */
function filled(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) return schema.items === undefined ? value : value.map((item) => filled(schema.items ?? schema, item))
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return value
  const fields = Object.entries(schema.properties).map(([name, field]) => {
    const given = Object.entries(value).find(([key]) => key === name)?.[1]
    return [name, filled(field, given === undefined ? field.default : given)] as const
  })
  // In JSON there is no undefined.
  return Object.fromEntries([...Object.entries(value), ...fields].filter(([, field]) => field !== undefined))
}
