import type { CelRule, JsonSchema, SchemaRule, SchemaWith, StructuralSchema } from './schema/json-schema.ts'

/** A place in a schema, by the way that leads there. */
export interface SchemaField<Rule = CelRule> {
  /** As people write it: `spec.topic.partitions`, `spec.auth.audience[]`, `spec.topic.config.*`. */
  readonly path: string
  readonly schema: SchemaWith<Rule>
  /** In the channel, or in the channel and its class together. */
  readonly isRequired: boolean
}

/** Every field below and including `schema`, parents before their children, in the order of the schema. */
export function walkSchema(schema: JsonSchema, path: string, isRequired?: boolean): readonly SchemaField<SchemaRule>[]
export function walkSchema(schema: StructuralSchema, path: string, isRequired?: boolean): readonly SchemaField[]
export function walkSchema(schema: StructuralSchema, path: string, isRequired = true): readonly SchemaField[] {
  const { properties = {}, required = [], requiredEffective = [], items, additionalProperties } = schema
  return [
    { path, schema, isRequired },
    ...Object.entries(properties).flatMap(([name, field]) =>
      walkSchema(field, path === '' ? name : `${path}.${name}`, required.includes(name) || requiredEffective.includes(name)),
    ),
    ...(items === undefined ? [] : walkSchema(items, `${path}[]`)),
    ...(additionalProperties === undefined ? [] : walkSchema(additionalProperties, `${path}.*`)),
  ]
}
