import { isRecord } from '../program/is-record.ts'
import type { JsonSchema } from './v1alpha1/schema/json-schema.ts'

/**
 * A value as its schema in `v1alpha1` reads it. The constructs report everything that the API server would refuse. The operator reports only what it
 * does not understand: the CustomResourceDefinition may be older or newer than it. `cdk8s/realtime-channel.kubernetes.test.ts` and
 * `cdk8s/realtime-channel-class.kubernetes.test.ts` give the same values to a real API server.
 */
export interface Reading {
  /** Value without unknown fields, nulls, and values of a wrong type, and with the defaults of the schema if the caller wants them. */
  readonly stored: unknown
  readonly problems: readonly SchemaProblem[]
  readonly unknown: readonly UnknownField[]
}

/** One fault of a value. */
export interface Problem {
  /** Path such as `spec.route.host`. */
  readonly path: string
  /** Phrase that follows the path, without a full stop. */
  readonly message: string
}

export interface SchemaProblem extends Problem {
  /**
   * type: another type, or none of the values of an enumeration. missing: a required field is left out. bound: beyond a minimum, a length or a
   * pattern. rule: a rule of the schema that compares fields does not hold.
   * null: a field is null. The API server drops it from an object that is created, and refuses it in one that is applied.
   */
  readonly kind: 'type' | 'missing' | 'bound' | 'rule' | 'null'
  /** Short text for people: `"three"`, `a list`, `nothing`. */
  readonly found: string
  /** Expected type: `a whole number`. */
  readonly expected: string
}

export interface UnknownField {
  readonly path: string
  /** Names of the fields that the schema has there. */
  readonly known: readonly string[]
}

export interface ReadOptions {
  /** Path of the value itself: `spec`. */
  readonly path: string
  /** Fill in the defaults of the schema. @default false */
  readonly withDefaults?: boolean
  /** Reports wrong types, missing fields and nulls alone, for a caller that needs to understand the value and does not check it. @default false */
  readonly typesOnly?: boolean
}

/** Reads a value. A null is stored as a field that is left out. */
export function readSchema(schema: JsonSchema, value: unknown, { path, withDefaults = false, typesOnly = false }: ReadOptions): Reading {
  const walk: Walk = { withDefaults, typesOnly, problems: [], unknown: [] }
  const stored = read(schema, value, path, walk)
  return { stored, problems: walk.problems, unknown: walk.unknown }
}

/** Returns whether a reader can work with the value: every field has its type, and no required one is missing. */
export function isUnderstood({ kind }: SchemaProblem): boolean {
  return kind !== 'type' && kind !== 'missing'
}

/** Returns everything that the API server would refuse in a new object. The operator, which knows the cluster, may still refuse the object. */
export function checkBySchema(schema: JsonSchema, value: unknown, path: string): readonly Problem[] {
  const reading = readSchema(schema, value, { path })
  const ofFields = fieldProblems(reading)
  // A rule compares fields, so it is not checked while a field is wrong.
  return ofFields.length > 0 ? ofFields : brokenRules(reading)
}

/** Returns every problem of single fields, unknown fields among them. */
export function fieldProblems({ problems, unknown }: Reading): readonly Problem[] {
  const strangers = unknown.map(({ path, known }) => ({ path, message: `is not known; known here: ${known.join(', ')}` }))
  return [...problems.filter(({ kind }) => kind !== 'rule').map(placed), ...strangers]
}

/** Returns the rules that do not hold. */
export function brokenRules({ problems }: Reading): readonly Problem[] {
  return problems.filter(({ kind }) => kind === 'rule').map(placed)
}

const placed = ({ path, message }: Problem): Problem => ({ path, message })

/** Findings of one reading. */
interface Walk {
  readonly withDefaults: boolean
  readonly typesOnly: boolean
  readonly problems: SchemaProblem[]
  readonly unknown: UnknownField[]
}

function read(schema: JsonSchema, given: unknown, path: string, walk: Walk): unknown {
  const value = given ?? (walk.withDefaults ? schema.default : undefined) ?? undefined
  if (value === undefined) return undefined
  if (!isOfType(schema, value)) {
    walk.problems.push(wrongType(schema, value, path))
    return undefined
  }
  if (walk.typesOnly) return readInside(schema, value, path, walk)
  const before = walk.problems.length
  const expected = expectedBound(schema, value)
  if (expected !== null) walk.problems.push(problem(schema, value, { path, kind: 'bound', message: `expected ${expected}` }))
  const stored = readInside(schema, value, path, walk)
  if (walk.problems.slice(before).every(isUnderstood)) walk.problems.push(...checkRules(schema, stored, path))
  return stored
}

function readInside(schema: JsonSchema, value: unknown, path: string, walk: Walk): unknown {
  if (Array.isArray(value)) return schema.items === undefined ? value : readItems(schema.items, value, path, walk)
  if (!isRecord(value)) return value
  if (schema.properties !== undefined) return readFields(schema, value, path, walk)
  return schema.additionalProperties === undefined ? value : readMap(schema.additionalProperties, value, path, walk)
}

/** Returns the rules that do not hold. The value has the types of its schema, on which the rules rely. */
function checkRules(schema: JsonSchema, value: unknown, path: string): readonly SchemaProblem[] {
  const broken = (schema['x-kubernetes-validations'] ?? []).filter(({ holds }) => holds !== null && !holds(value))
  return broken.map(({ message = '', fieldPath = '' }) => problem(schema, value, { path: `${path}${fieldPath}`, kind: 'rule', message }))
}

function problem(schema: JsonSchema, value: unknown, place: Pick<SchemaProblem, 'path' | 'kind' | 'message'>): SchemaProblem {
  return { ...place, found: shown(value), expected: typeName(schema) }
}

function readItems(items: JsonSchema, list: readonly unknown[], path: string, walk: Walk): readonly unknown[] {
  return list.map((item, index) => {
    const place = `${path}[${index}]`
    // Only a field can be left out.
    if ((item ?? null) === null) walk.problems.push(wrongType(items, item, place))
    return read(items, item, place, walk)
  })
}

/** Reads the fields in the order in which they are given, so that problems come in the order of the text; those with defaults follow. */
function readFields(schema: JsonSchema, value: Readonly<Record<string, unknown>>, path: string, walk: Walk): unknown {
  const { properties = {}, required = [] } = schema
  const fields: (readonly [string, unknown])[] = []
  for (const name of required) if ((value[name] ?? null) === null) walk.problems.push(missing(properties[name], `${path}.${name}`))
  const given = Object.keys(value)
  for (const name of walk.withDefaults ? new Set([...given, ...Object.keys(properties)]) : given) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined
    const field = property === undefined ? value[name] : read(property, value[name], `${path}.${name}`, walk)
    if (property !== undefined && value[name] === null && !required.includes(name)) walk.problems.push(isNull(property, `${path}.${name}`))
    if (field === undefined) continue
    if (property !== undefined || schema['x-kubernetes-preserve-unknown-fields'] === true) fields.push([name, field])
    else walk.unknown.push({ path: `${path}.${name}`, known: Object.keys(properties) })
  }
  return Object.fromEntries(fields)
}

function readMap(schema: JsonSchema, value: Readonly<Record<string, unknown>>, path: string, walk: Walk): unknown {
  for (const [key, entry] of Object.entries(value)) if (entry === null) walk.problems.push(isNull(schema, entryPath(path, key)))
  const entries = Object.entries(value).map(([key, entry]) => [key, read(schema, entry, entryPath(path, key), walk)] as const)
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined))
}

const entryPath = (path: string, key: string): string => (/^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`)

function isOfType(schema: JsonSchema, value: unknown): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return typeof value === 'string' || Number.isInteger(value)
  if (schema.enum !== undefined) return typeof value === 'string' && schema.enum.includes(value)
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return typeof value === schema.type
    case 'integer':
      return Number.isInteger(value)
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isRecord(value)
    case undefined:
      return true
    default:
      return schema.type satisfies never
  }
}

/** Returns what the schema expects of a value of the right type; null: the value is within all bounds. */
function expectedBound(schema: JsonSchema, value: unknown): string | null {
  if (Array.isArray(value)) return expectedItems(schema, value)
  if (isRecord(value)) {
    const { maxProperties = Infinity } = schema
    return Object.keys(value).length > maxProperties ? `at most ${maxProperties} entries` : null
  }
  if (schema.type === 'integer') {
    const { minimum = -Infinity, maximum = Infinity } = schema
    return Number(value) < minimum || Number(value) > maximum ? wholeNumber(schema) : null
  }
  return typeof value === 'boolean' ? null : expectedText(schema, String(value))
}

function expectedText({ pattern, minLength, maxLength }: JsonSchema, text: string): string | null {
  const length = [...text].length
  if (length < (minLength ?? 0) || length > (maxLength ?? Infinity)) return `${range(minLength, maxLength)} characters, not ${length}`
  if (pattern !== undefined && !compiled(pattern).test(text)) return `a string that matches ${pattern}`
  return null
}

/** Compiled patterns. The schemas have a few dozen, and a channel is read at each change of it. */
const expressions = new Map<string, RegExp>()

function compiled(pattern: string): RegExp {
  const known = expressions.get(pattern) ?? new RegExp(pattern, 'u')
  expressions.set(pattern, known)
  return known
}

function expectedItems(schema: JsonSchema, list: readonly unknown[]): string | null {
  const { minItems, maxItems } = schema
  if (list.length < (minItems ?? 0) || list.length > (maxItems ?? Infinity)) return `${range(minItems, maxItems)} items, not ${list.length}`
  const seen = list.map((item) => identityOf(schema, item))
  const twice = seen.find((identity, index) => identity !== null && seen.indexOf(identity) !== index)
  return twice === undefined ? null : `each item once; ${twice} is there twice`
}

/** Returns what makes two items of a list the same; null: nothing does. */
function identityOf(schema: JsonSchema, item: unknown): string | null {
  if (schema['x-kubernetes-list-type'] === 'set') return JSON.stringify(item)
  if (schema['x-kubernetes-list-type'] !== 'map') return null
  return JSON.stringify(schema['x-kubernetes-list-map-keys']?.map((key) => (isRecord(item) ? item[key] : undefined)))
}

function wrongType(schema: JsonSchema, value: unknown, path: string): SchemaProblem {
  const expected = schema.type === 'integer' ? wholeNumber(schema) : schema.enum === undefined ? typeName(schema) : oneOf(schema.enum)
  return problem(schema, value, { path, kind: 'type', message: `expected ${expected}` })
}

const isNull = (schema: JsonSchema, path: string): SchemaProblem => ({ ...wrongType(schema, null, path), kind: 'null' })

function missing(schema: JsonSchema | undefined, path: string): SchemaProblem {
  const expected = schema === undefined ? 'a value' : typeName(schema)
  return { path, kind: 'missing', found: shown(undefined), expected, message: `is required. ${schema?.description ?? ''}`.trim() }
}

const oneOf = (values: readonly string[]): string => `one of ${values.join(', ')}`

/** Longest enumeration that a sentence lists. */
const maxValuesNamed = 12

function typeName(schema: JsonSchema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'a whole number or a string'
  if (schema.enum !== undefined)
    return schema.enum.length > maxValuesNamed ? 'one of the values that the reference lists' : oneOf(schema.enum)
  const names = { string: 'a string', boolean: 'true or false', integer: 'a whole number', array: 'a list', object: 'an object' } as const
  return schema.type === undefined ? 'a value' : names[schema.type]
}

function wholeNumber({ minimum, maximum }: JsonSchema): string {
  if (minimum === undefined && maximum === undefined) return 'a whole number'
  return `a whole number ${minimum !== undefined && maximum !== undefined ? '' : 'of '}${range(minimum, maximum)}`
}

function range(least: number | undefined, most: number | undefined): string {
  if (most === undefined) return `at least ${least ?? 0}`
  return least === undefined ? `at most ${most}` : `from ${least} to ${most}`
}

const shownCharacters = 60

/** Returns the type of a value, or a short text or number itself. A channel holds no secrets. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value)
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text
}
