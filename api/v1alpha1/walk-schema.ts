import type { CelRule, JsonSchema, SchemaRule, SchemaWith, StructuralSchema } from './schema/json-schema.ts'

/** Field of a schema with its path. */
export interface SchemaField<Rule = CelRule> {
  /** Path such as `spec.topic.partitions`, `spec.auth.audience[]` or `spec.topic.config.*`. */
  readonly path: string
  readonly schema: SchemaWith<Rule>
  /** True: required of the channel, or of the channel and its class together. */
  readonly isRequired: boolean
}

/** Returns `schema` and every field below it, parents before their children, in the order of the schema. */
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
