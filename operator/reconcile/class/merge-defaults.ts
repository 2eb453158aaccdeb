import { specSchema, type RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { defaultReplicas } from '../../../api/v1alpha1/schema/gateway.ts'
import type { JsonSchema } from '../../../api/v1alpha1/schema/json-schema.ts'
import { isRecord } from '../../../program/is-record.ts'

/*
 * The class fills in what a channel leaves out: section by section, field by field. A value of the channel always wins.
 *
 * Three kinds of values are taken whole, because a mixture of two makes no sense. These are lists without keys, objects of Kubernetes' own API, and objects with
 * required fields (a reference to a Secret, the SASL of a cluster). Maps, and lists with keys, are merged by their keys.
 *
 * Some fields exclude each other. If the channel has chosen one, the class's choice of another is dropped (`withoutExcluded`).
 */

/** Returns the spec with the defaults of the class. The defaults of the schema are not filled in yet. */
export function mergeDefaults(own: RealtimeChannelSpec, defaults: RealtimeChannelSpec): RealtimeChannelSpec {
  // Both values match the schema, and so does a merge of their fields.
  return withRouteType(own, merge(specSchema, own, withoutExcluded(own, defaults)) as RealtimeChannelSpec)
}

type Fields = Readonly<Record<string, unknown>>

function merge(schema: JsonSchema, own: unknown, fallback: unknown): unknown {
  if (own === undefined || own === null) return fallback
  if (isKeyedList(schema) && Array.isArray(own) && Array.isArray(fallback)) return mergeLists(schema, own, fallback)
  if (!isRecord(own) || !isRecord(fallback) || (schema.required ?? []).length > 0) return own
  if (schema.properties === undefined && schema.additionalProperties === undefined) return own
  const names = [...new Set([...Object.keys(own), ...Object.keys(fallback)])]
  const fields = names.map((name) => [name, merge(schemaOf(schema, name), fieldOf(own, name), fieldOf(fallback, name))] as const)
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined && field !== null))
}

/** Merges lists by key. Items of the class that the channel does not override come first, so that the channel's own items read as additions. */
function mergeLists(schema: JsonSchema, own: readonly unknown[], fallback: readonly unknown[]): readonly unknown[] {
  const keyOf = (item: unknown): string =>
    JSON.stringify(schema['x-kubernetes-list-map-keys']?.map((key) => (isRecord(item) ? item[key] : undefined)))
  const taken = new Set(own.map(keyOf))
  return [...fallback.filter((item) => !taken.has(keyOf(item))), ...own]
}

const isKeyedList = (schema: JsonSchema): boolean => schema['x-kubernetes-list-type'] === 'map'

/** Returns the schema of a field. The fields of an unknown field are unknown, too. */
function schemaOf({ properties = {}, additionalProperties }: JsonSchema, name: string): JsonSchema {
  return (Object.hasOwn(properties, name) ? properties[name] : additionalProperties) ?? { description: '' }
}

const fieldOf = (fields: Fields, name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined)

/** Returns the defaults without those that exclude a choice of the channel. */
function withoutExcluded(own: RealtimeChannelSpec, defaults: RealtimeChannelSpec): RealtimeChannelSpec {
  return {
    ...defaults,
    ...(defaults.kafka === undefined ? {} : { kafka: kafkaBehind(own.kafka, defaults.kafka) }),
    ...(defaults.topic === undefined ? {} : { topic: topicBehind(own.topic, defaults.topic) }),
    ...(defaults.gateway === undefined ? {} : { gateway: gatewayBehind(own.gateway, defaults.gateway) }),
    ...(defaults.auth === undefined ? {} : { auth: authBehind(own.auth, defaults.auth) }),
    ...(defaults.route === undefined ? {} : { route: routeBehind(own.route, defaults.route) }),
  }
}

type Section<K extends keyof RealtimeChannelSpec> = NonNullable<RealtimeChannelSpec[K]>

/** Returns the defaults for Kafka. TLS and credentials belong to brokers, so those of the class are not used for brokers that the channel names. */
function kafkaBehind(own: Section<'kafka'> | undefined, defaults: Section<'kafka'>): Section<'kafka'> {
  if (own?.bootstrapServers === undefined) return defaults
  const isSame = [...own.bootstrapServers].sort().join(',') === [...(defaults.bootstrapServers ?? [])].sort().join(',')
  return isSame ? defaults : {}
}

function topicBehind(own: Section<'topic'> | undefined, defaults: Section<'topic'>): Section<'topic'> {
  const { retention: _retention, ...rest } = defaults
  const hasOwnSetting = own?.config?.['retention.ms'] !== undefined
  const base = hasOwnSetting ? rest : defaults
  if (own?.retention === undefined || base.config === undefined) return base
  const { 'retention.ms': _setting, ...config } = base.config
  return { ...base, config }
}

/** Returns the defaults for the gateway. The default number of pods is not a choice of the channel. */
function gatewayBehind(own: Section<'gateway'> | undefined, defaults: Section<'gateway'>): Section<'gateway'> {
  const { replicas: _replicas, autoscaling, ...rest } = defaults
  const isFixed = own?.replicas !== undefined && own.replicas !== defaultReplicas
  return isFixed || autoscaling === undefined ? rest : { ...rest, autoscaling }
}

function authBehind(own: Section<'auth'> | undefined, defaults: Section<'auth'>): Section<'auth'> {
  const { jwks, allowedOrigins, dangerouslyAllowAnyOrigin, ...rest } = defaults
  return {
    ...rest,
    ...(jwks === undefined ? {} : { jwks: jwksBehind(own?.jwks ?? {}, jwks) }),
    ...(own?.dangerouslyAllowAnyOrigin === true || allowedOrigins === undefined ? {} : { allowedOrigins }),
    ...(own?.allowedOrigins !== undefined || dangerouslyAllowAnyOrigin === undefined ? {} : { dangerouslyAllowAnyOrigin }),
  }
}

const keySources = ['uri', 'secretRef', 'configMapRef'] as const
const authorities = ['caSecretRef', 'caConfigMapRef'] as const

/**
 * Returns the defaults for the keys. Authorities are for a server, so keys that the channel mounts need none. A server that the channel names may well be in the
 * class's network, and keeps them.
 */
function jwksBehind(own: Fields, defaults: NonNullable<Section<'auth'>['jwks']>): NonNullable<Section<'auth'>['jwks']> {
  const says = (name: string): boolean => fieldOf(own, name) !== undefined
  const isMounted = says('secretRef') || says('configMapRef')
  const left = new Set<string>([...(keySources.some(says) ? keySources : []), ...(isMounted || authorities.some(says) ? authorities : [])])
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !left.has(name)))
}

/** Returns the defaults for the route. Fields of an Ingress are not defaults of an HTTPRoute, and vice versa. */
function routeBehind(own: Section<'route'> | undefined, defaults: Section<'route'>): Section<'route'> {
  const type = own?.type ?? defaults.type ?? 'Ingress'
  const { className, parentRefs, tls, ...rest } = defaults
  const { secretName: _secretName, ...plainTls } = tls ?? {}
  return {
    ...rest,
    ...(type === 'HTTPRoute' || className === undefined ? {} : { className }),
    ...(type === 'Ingress' || parentRefs === undefined ? {} : { parentRefs }),
    ...(tls === undefined ? {} : { tls: type === 'HTTPRoute' ? plainTls : tls }),
  }
}

/** Sets the type None unless a route is requested. A class that only configures routes requests none: it takes a host or a type in the class. */
function withRouteType(own: RealtimeChannelSpec, merged: RealtimeChannelSpec): RealtimeChannelSpec {
  const { route } = merged
  const isAsked = own.route !== undefined || route?.host !== undefined || route?.type !== undefined
  return route === undefined || isAsked ? merged : { ...merged, route: { ...route, type: 'None' } }
}
