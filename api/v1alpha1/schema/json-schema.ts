/**
 * The part of OpenAPI v3 that a CustomResourceDefinition may use ("structural schemas"):
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export interface SchemaWith<Rule> {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  /** Text that `kubectl explain` and the reference show. Every field has one. */
  readonly description: string
  /** Value that holds when neither the channel nor its class gives one. `toStructural` decides which of these the API server fills in. */
  readonly default?: unknown
  /** True: the API server fills this default in, although it is not an empty object. The published schema does not have this field. */
  readonly isDefaultStored?: true
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: SchemaWith<Rule>
  readonly minItems?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, SchemaWith<Rule>>>
  readonly required?: readonly string[]
  /** Fields that a channel and its class together must have. The API server sees the channel alone; the published schema does not have this list. */
  readonly requiredEffective?: readonly string[]
  readonly additionalProperties?: SchemaWith<Rule>
  readonly maxProperties?: number
  readonly 'x-kubernetes-int-or-string'?: true
  readonly 'x-kubernetes-preserve-unknown-fields'?: true
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular'
  readonly 'x-kubernetes-validations'?: readonly Rule[]
}

/** Schema as this folder writes it. */
export type JsonSchema = SchemaWith<SchemaRule>

/** Schema as a CustomResourceDefinition publishes it (`toStructural`). */
export type StructuralSchema = SchemaWith<CelRule>

/** A rule in the Common Expression Language: https://kubernetes.io/docs/reference/using-api/cel/ */
export interface CelRule {
  readonly rule: string
  /** Fault and remedy. The API server shows it unchanged. */
  readonly message?: string
  readonly messageExpression?: string
  readonly fieldPath?: string
  readonly reason?: 'FieldValueRequired' | 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueDuplicate'
}

/** Rule of a schema in this folder. */
export interface SchemaRule extends CelRule {
  /**
   * The same rule in TypeScript, for readers without an API server. Its argument has the types of the field's schema. Null: the rule compares with the
   * value before a change, which only the API server has.
   */
  readonly holds: Holds | null
}

/** A method, so that a row may name the type of its own value. `readSchema` passes a rule only values that have the types of its schema. */
type Holds = { check(self: unknown): boolean }['check']

/** Type of what a user writes. A field that has a default, or is not required, may be left out. */
export type Written<S> = Shape<S, 'written'>

/** Type of what the operator works with: the defaults of class and schema are filled in, and required fields are there. */
export type Effective<S> = Shape<S, 'effective'>

type Form = 'written' | 'effective'

type Shape<S, F extends Form> = S extends { readonly 'x-kubernetes-int-or-string': true }
  ? number | string
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly type: 'string' }
      ? string
      : S extends { readonly type: 'integer' }
        ? number
        : S extends { readonly type: 'boolean' }
          ? boolean
          : S extends { readonly type: 'array'; readonly items: infer I }
            ? readonly Shape<I, F>[]
            : S extends { readonly properties: infer P }
              ? Fields<P, RequiredOf<S, F>, F>
              : S extends { readonly additionalProperties: infer V }
                ? Readonly<Record<string, Shape<V, F>>>
                : Readonly<Record<string, unknown>>

type RequiredOf<S, F extends Form> =
  | (S extends { readonly required: readonly (infer R)[] } ? R : never)
  | (F extends 'effective' ? (S extends { readonly requiredEffective: readonly (infer R)[] } ? R : never) : never)

/** Names of the fields that are always there. */
type Present<P, R, F extends Form> = {
  [K in keyof P]: K extends R ? K : F extends 'effective' ? (P[K] extends { readonly default: unknown } ? K : never) : never
}[keyof P]

type Fields<P, R, F extends Form> = { readonly [K in Present<P, R, F>]: Shape<P[K], F> } & {
  readonly [K in Exclude<keyof P, Present<P, R, F>>]?: Shape<P[K], F>
}
