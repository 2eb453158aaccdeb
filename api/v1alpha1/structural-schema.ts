import { isRecord } from '../../program/is-record.ts'
import type { JsonSchema, StructuralSchema } from './schema/json-schema.ts'

/**
 * Returns a schema as the CustomResourceDefinition has it. A default that the API server fills in becomes the channel's own value, which a class could
 * not replace. So the API server fills in only empty sections, which rules and subresources need, and the number that `kubectl scale` reads. The
 * defaults of all other fields are in their descriptions. The operator fills them in after those of the class (operator/reconcile/class/).
 */
export function toStructural(schema: JsonSchema): StructuralSchema {
  const {
    default: value,
    isDefaultStored,
    requiredEffective: _required,
    properties,
    items,
    additionalProperties,
    description,
    'x-kubernetes-validations': rules,
    ...rest
  } = schema
  const isStored = isDefaultStored === true || isEmptyObject(value)
  return {
    ...rest,
    ...(rules === undefined ? {} : { 'x-kubernetes-validations': rules.map(({ holds: _holds, ...rule }) => rule) }),
    description: value === undefined || isStored ? description : withDefault(description, value),
    ...(isStored ? { default: value } : {}),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, toStructural(property)])) }),
    ...(items === undefined ? {} : { items: toStructural(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: toStructural(additionalProperties) }),
  }
}

function isEmptyObject(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0
}

/** Adds the default to a description. The description of a section already says what its absence means. */
function withDefault(description: string, value: unknown): string {
  if (typeof value === 'object' && !Array.isArray(value)) return description
  const text = Array.isArray(value) ? value.join(', ') : String(value)
  return `${description} Default: ${text}.`
}
