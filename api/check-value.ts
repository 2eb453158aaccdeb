import type { JsonSchema } from './v1alpha1/schema/json-schema.ts'

/** What is wrong with a value, and where. */
export interface Problem {
  /** As `spec.route.host`. */
  readonly path: string
  readonly message: string
}

/** Judges a value by the schema, as the API server will: types, bounds, patterns, what is required, and what nobody knows. */
export function checkValue(schema: JsonSchema, value: unknown, path: string): readonly Problem[] {
  if (schema['x-kubernetes-int-or-string'] === true) return checkText(schema, typeof value === 'number' ? String(value) : value, path)
  switch (schema.type) {
    case 'string':
      return checkText(schema, value, path)
    case 'integer':
      return checkInteger(schema, value, path)
    case 'boolean':
      return typeof value === 'boolean' ? [] : [{ path, message: 'expected true or false' }]
    case 'array':
      return checkList(schema, value, path)
    case 'object':
    case undefined:
      return checkObject(schema, value, path)
    default:
      return schema.type satisfies never
  }
}

function checkText(
  { enum: values, pattern, minLength = 0, maxLength = Infinity }: JsonSchema,
  value: unknown,
  path: string,
): readonly Problem[] {
  if (typeof value !== 'string') return [{ path, message: 'expected a text' }]
  if (values !== undefined && !values.includes(value)) return [{ path, message: `expected one of ${values.join(', ')}` }]
  const length = [...value].length
  if (length < minLength || length > maxLength)
    return [{ path, message: `expected from ${minLength} to ${maxLength} characters, not ${length}` }]
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) return [{ path, message: `expected a text that matches ${pattern}` }]
  return []
}

function checkInteger({ minimum = -Infinity, maximum = Infinity }: JsonSchema, value: unknown, path: string): readonly Problem[] {
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum
  return fits ? [] : [{ path, message: `expected a whole number from ${minimum} to ${maximum}` }]
}

function checkList(schema: JsonSchema, value: unknown, path: string): readonly Problem[] {
  if (!Array.isArray(value)) return [{ path, message: 'expected a list' }]
  const { items, minItems = 0, maxItems = Infinity } = schema
  if (value.length < minItems || value.length > maxItems)
    return [{ path, message: `expected from ${minItems} to ${maxItems} items, not ${value.length}` }]
  const seen = value.map((item: unknown) => identityOf(schema, item))
  const twice = seen.find((identity, index) => identity !== null && seen.indexOf(identity) !== index)
  if (twice !== undefined) return [{ path, message: `expected each item once; ${twice} is there twice` }]
  return items === undefined ? [] : value.flatMap((item: unknown, index) => checkValue(items, item, `${path}[${index}]`))
}

/** What makes two items of a list the same; null: nothing does. */
function identityOf(schema: JsonSchema, item: unknown): string | null {
  if (schema['x-kubernetes-list-type'] === 'set') return JSON.stringify(item)
  if (schema['x-kubernetes-list-type'] !== 'map') return null
  return JSON.stringify(schema['x-kubernetes-list-map-keys']?.map((key) => Object(item)[key] as unknown))
}

function checkObject(schema: JsonSchema, value: unknown, path: string): readonly Problem[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [{ path, message: 'expected an object' }]
  const given = Object.entries(value).filter(([, field]) => field !== undefined)
  const missing = (schema.required ?? []).filter((name) => !given.some(([key]) => key === name))
  const { maxProperties = Infinity } = schema
  return [
    ...missing.map((name) => ({ path: `${path}.${name}`, message: `is required. ${schema.properties?.[name]?.description ?? ''}`.trim() })),
    ...(given.length > maxProperties ? [{ path, message: `expected at most ${maxProperties} entries` }] : []),
    ...given.flatMap(([name, field]) => checkField(schema, name, field, `${path}.${name}`)),
  ]
}

function checkField(schema: JsonSchema, name: string, value: unknown, path: string): readonly Problem[] {
  const { properties = {}, additionalProperties } = schema
  const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
  if (known !== undefined) return checkValue(known, value, path)
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return []
  return [{ path, message: `is not known; known here: ${Object.keys(properties).join(', ')}` }]
}
