import { unambiguous } from './allowed.ts'
import type { JsonSchema } from './json-schema.ts'

/** Fields that no class can give: the class itself, names that only one channel can have, and a number that the API server writes into every channel. */
const notByClass: ReadonlySet<string> = new Set([
  'className',
  'topic.name',
  'topic.deadLetters.name',
  'topic.control.name',
  'upstream.topic.name',
  'gateway.replicas',
])

/** Each channel has its own host and paths, so NAMESPACE and NAME in them are replaced by those of the channel. No two namespaces get the same. */
const hostLabel = '([a-z0-9]|NAMESPACE|NAME)(([-a-z0-9]|NAMESPACE|NAME)*([a-z0-9]|NAMESPACE|NAME))?'
const withNames: Readonly<Record<string, Partial<JsonSchema>>> = {
  'route.host': {
    pattern: `^${hostLabel}(\\.${hostLabel})*$`,
    description: 'Host name, without a port. NAMESPACE and NAME are replaced by those of the channel.',
    'x-kubernetes-validations': [unambiguous],
  },
  'route.paths.socket': {
    description: 'Prefix of /v1/ws. NAMESPACE and NAME are replaced by those of the channel.',
    'x-kubernetes-validations': [unambiguous],
  },
  'route.paths.api': {
    description: 'Prefix of /v1/events and /v1/emit-message. NAMESPACE and NAME are replaced by those of the channel.',
    'x-kubernetes-validations': [unambiguous],
  },
}

/**
 * Returns the schema of the part of a channel's spec that a class provides. Every field may be left out, and no default is filled in. Rules about a
 * change are left out, because the values of a class are not what a channel had before. So are rules about a field that a class cannot give.
 */
export function defaultsOf(spec: JsonSchema): JsonSchema {
  return {
    ...strip(spec, ''),
    description: 'Values for what channels of this class leave out: any part of the spec of a RealtimeChannel.',
  }
}

function strip(schema: JsonSchema, path: string): JsonSchema {
  const {
    default: _default,
    isDefaultStored: _stored,
    requiredEffective: _required,
    properties,
    items,
    additionalProperties,
    'x-kubernetes-validations': rules = [],
    ...rest
  } = schema
  const left = [...notByClass]
    .filter((place) => path === '' || place.startsWith(`${path}.`))
    .map((place) => place.slice(path === '' ? 0 : path.length + 1))
  const kept = [
    ...rules.filter(({ rule, holds }) => holds !== null && !left.some((name) => rule.includes(`self.${name}`))),
    ...(withNames[path]?.['x-kubernetes-validations'] ?? []),
  ]
  return {
    ...rest,
    ...withNames[path],
    ...(properties === undefined ? {} : { properties: stripFields(properties, path) }),
    ...(items === undefined ? {} : { items: strip(items, `${path}[]`) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: strip(additionalProperties, `${path}.*`) }),
    ...(kept.length === 0 ? {} : { 'x-kubernetes-validations': kept }),
  }
}

const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

function stripFields(properties: Readonly<Record<string, JsonSchema>>, path: string): Readonly<Record<string, JsonSchema>> {
  const fields = Object.entries(properties).map(([name, schema]) => [below(path, name), name, schema] as const)
  return Object.fromEntries(fields.filter(([place]) => !notByClass.has(place)).map(([place, name, schema]) => [name, strip(schema, place)]))
}
