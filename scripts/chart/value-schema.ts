import type { JsonSchema } from '../../api/v1alpha1/schema/json-schema.ts'

/** A JSON Schema (draft-07) that Helm checks values with. */
export type ValueSchema = Readonly<Record<string, unknown>>

/**
 * Converts a schema of the API to one for values. Helm checks by JSON Schema (draft-07): a misspelt field is refused before anything is
 * installed. Rules in CEL are left to the API server.
 */
export function valueSchemaOf(schema: JsonSchema): ValueSchema {
  const { type, description, enum: values, pattern, minLength, maxLength, minimum, maximum, minItems, maxItems, maxProperties } = schema
  return withoutUndefined({
    description,
    type: schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : type,
    enum: values,
    pattern,
    minLength,
    maxLength,
    minimum,
    maximum,
    minItems,
    maxItems,
    maxProperties,
    uniqueItems: schema['x-kubernetes-list-type'] === 'set' ? true : undefined,
    ...inside(schema),
  })
}

function inside({ properties, required, items, additionalProperties }: JsonSchema): ValueSchema {
  if (items !== undefined) return { items: valueSchemaOf(items) }
  if (additionalProperties !== undefined) return { additionalProperties: valueSchemaOf(additionalProperties) }
  if (properties === undefined) return {}
  return {
    required,
    properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, valueSchemaOf(field)])),
    additionalProperties: false,
  }
}

function withoutUndefined(schema: ValueSchema): ValueSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined))
}
