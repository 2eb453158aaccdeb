import type { Options } from '../../gateway/config/options.ts'
import { isRecord } from '../../program/is-record.ts'
import { optionFieldRows, type OptionFields } from './option-fields.ts'
import type { specSchema, StoredSpec } from './realtime-channel.ts'

/** Fields that are not options of the gateway: they shape the topic, the pods, their Service or their route. Each includes the fields below it. */
export const otherFields = [
  'spec.className',
  'spec.kafka.tls',
  'spec.kafka.sasl',
  'spec.topic.partitions',
  'spec.topic.replicas',
  'spec.topic.retention',
  'spec.topic.config',
  'spec.topic.deadLetters.retention',
  'spec.topic.control.enabled',
  'spec.topic.deletionPolicy',
  'spec.gateway.replicas',
  'spec.gateway.autoscaling',
  'spec.gateway.resources',
  'spec.gateway.image',
  'spec.gateway.imagePullPolicy',
  'spec.gateway.imagePullSecrets',
  'spec.gateway.env',
  'spec.gateway.nodeSelector',
  'spec.gateway.tolerations',
  'spec.gateway.affinity',
  'spec.gateway.topologySpreadConstraints',
  'spec.gateway.priorityClassName',
  'spec.gateway.podUser',
  'spec.gateway.podLabels',
  'spec.gateway.podAnnotations',
  'spec.network.ingressFrom',
  'spec.network.metricsFrom',
  'spec.network.egress',
  'spec.service',
  'spec.auth.jwks.secretRef',
  'spec.auth.jwks.configMapRef',
  'spec.auth.jwks.caSecretRef',
  'spec.auth.jwks.caConfigMapRef',
  'spec.auth.resumeTickets',
  'spec.tracing',
  'spec.route.type',
  'spec.route.host',
  'spec.route.className',
  'spec.route.parentRefs',
  'spec.route.tls',
  'spec.route.annotations',
  'spec.route.labels',
] as const satisfies readonly Place<typeof specSchema, 'spec'>[]

/** Options whose value comes from their field alone. */
type ReadName = {
  [Name in keyof OptionFields]: OptionFields[Name] extends { readonly isWorkedOut: true } ? never : Name
}[keyof OptionFields]

/** Options that the operator works out. */
export type WorkedOut = Exclude<keyof OptionFields, ReadName>

/** Returns the options whose values come from their fields alone. A value that cannot be converted becomes NaN, which the option's bounds refuse. */
export function optionsOfFields(spec: StoredSpec): Partial<Options> {
  const rows = optionFieldRows.filter(([, { isWorkedOut = false }]) => !isWorkedOut)
  const values = rows.map(([name, { field, read }]) => {
    const value = valueAt({ spec }, field)
    // `AllValuesFit` shows that the value is what `read` takes.
    return [name, value === undefined || read === undefined ? value : (read(value as never) ?? Number.NaN)] as const
  })
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

function valueAt(root: object, path: string): unknown {
  return path.split('.').reduce<unknown>((place, name) => (isRecord(place) ? place[name] : undefined), root)
}

/** The compiler's error about one of the types below names the field or option that is missing or wrong. */
type None<Names extends never> = Names

/** Error: a field of the schema is in neither `optionFields` nor `otherFields`. */
export type AllFieldsHaveTheirPlace = None<
  Exclude<Leaf<typeof specSchema, 'spec'>, Below<OptionFields[keyof OptionFields]['field'] | (typeof otherFields)[number]>>
>

/** Error: a row names a field that the schema does not have. */
export type AllRowsHaveAField = None<Exclude<OptionFields[keyof OptionFields]['field'], Place<typeof specSchema, 'spec'> | 'metadata.name'>>

/** Error: the value of a field, as its row converts it, is not a value of its option. */
export type AllValuesFit = None<{ [Name in ReadName]: ValueOf<OptionFields[Name]> extends Options[Name] ? never : Name }[ReadName]>

type Below<Path extends string> = Path | `${Path}.${string}`

/** Paths of the fields that have no fields. */
type Leaf<S, Path extends string> = S extends { readonly properties: infer Fields }
  ? { [Name in keyof Fields & string]: Leaf<Fields[Name], `${Path}.${Name}`> }[keyof Fields & string]
  : Path

/** Paths of all fields. */
type Place<S, Path extends string> =
  | Path
  | (S extends { readonly properties: infer Fields }
      ? { [Name in keyof Fields & string]: Place<Fields[Name], `${Path}.${Name}`> }[keyof Fields & string]
      : never)

type ValueOf<Row extends { readonly field: string }> = Row extends { readonly read: (value: infer Given) => infer Read }
  ? FieldAt<{ readonly spec: StoredSpec }, Row['field']> extends Given
    ? NonNullable<Read>
    : 'the field is not what `read` takes'
  : FieldAt<{ readonly spec: StoredSpec }, Row['field']>

type FieldAt<T, Path extends string> = Path extends `${infer Name}.${infer Rest}`
  ? Name extends keyof T
    ? FieldAt<NonNullable<T[Name]>, Rest>
    : never
  : Path extends keyof T
    ? NonNullable<T[Path]>
    : never
