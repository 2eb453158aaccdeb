import { failed, ok, type Result } from '../../../program/result.ts'
import { apiVersion, channelKind, specSchema, statusSchema, type WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { JsonSchema } from '../../../api/v1alpha1/schema/json-schema.ts'
import { isRecord } from '../../../api/json.ts'

/** A channel, as this operator understands it. What it leaves out is still left out. */
export interface ParsedChannel {
  readonly channel: WrittenChannel
  /** Paths of the fields that this operator does not know and ignores: the CRD is newer than it is. */
  readonly unknownFields: readonly string[]
}

/** Why an object cannot be read as a channel. */
export interface NotUnderstood {
  /** `spec.topic.partitions` */
  readonly path: string
  readonly found: string
  readonly expected: string
  /** All of it in a sentence, and what to do. */
  readonly message: string
}

/**
 * Reads what the API server says of a channel. The CustomResourceDefinition in the cluster may be newer than this operator (fields that nobody
 * here knows: they are named), or changed in what fields mean, which nobody can guess: then nothing of the channel is touched. No default is filled
 * in here: those of the class come first.
 *
 * Bounds and patterns are not looked at again: a release may narrow them without taking channels down that are running.
 */
export function parseChannel(object: unknown): Result<ParsedChannel, NotUnderstood> {
  if (!isRecord(object)) return failed(notUnderstood('', shown(object), 'an object'))
  if (object['apiVersion'] !== apiVersion) return failed(notUnderstood('apiVersion', shown(object['apiVersion']), apiVersion))
  if (object['kind'] !== channelKind) return failed(notUnderstood('kind', shown(object['kind']), channelKind))
  const { metadata } = object
  if (!isRecord(metadata) || typeof metadata['name'] !== 'string') return failed(notUnderstood('metadata.name', shown(undefined), 'a text'))
  const walk: Walk = { unknownFields: [], problems: [] }
  const spec = read(specSchema, object['spec'] ?? {}, 'spec', walk)
  const status = read(statusSchema, object['status'], 'status', walk)
  const [problem] = walk.problems
  if (problem !== undefined) return failed(problem)
  // `read` has held spec and status to the schemas that their types are made of; metadata is the API server's own and always of this shape.
  const channel = {
    apiVersion,
    kind: channelKind,
    metadata,
    spec,
    ...(status === undefined ? {} : { status }),
  } as unknown as WrittenChannel
  return ok({ channel, unknownFields: walk.unknownFields })
}

/** A value as its schema has it: without what the schema does not know, and nothing filled in. */
export interface ReadValue {
  readonly value: unknown
  readonly unknownFields: readonly string[]
  readonly problem: Pick<NotUnderstood, 'path' | 'found' | 'expected'> | null
}

/** Reads a value that is to be of a schema. Bounds and patterns are not looked at. */
export function readBySchema(schema: JsonSchema, given: unknown, path: string): ReadValue {
  const walk: Walk = { unknownFields: [], problems: [] }
  const value = read(schema, given, path, walk)
  return { value, unknownFields: walk.unknownFields, problem: walk.problems[0] ?? null }
}

/** What is gathered on the way. */
interface Walk {
  readonly unknownFields: string[]
  readonly problems: NotUnderstood[]
}

/** The value without what is unknown. A null is what was left out, as it is to the API server. */
function read(schema: JsonSchema, value: unknown, path: string, walk: Walk): unknown {
  if (value === undefined || value === null) return undefined
  if (!isOfType(schema, value)) {
    walk.problems.push(notUnderstood(path, shown(value), describe(schema)))
    return undefined
  }
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (schema.items === undefined ? item : read(schema.items, item, `${path}[${index}]`, walk)))
  if (isRecord(value) && schema.properties !== undefined) return readFields(schema, value, path, walk)
  if (isRecord(value) && schema.additionalProperties !== undefined) return readMap(schema.additionalProperties, value, path, walk)
  return value
}

function readFields(schema: JsonSchema, value: Readonly<Record<string, unknown>>, path: string, walk: Walk): unknown {
  const { properties = {}, required = [] } = schema
  for (const name of Object.keys(value)) if (!Object.hasOwn(properties, name)) walk.unknownFields.push(`${path}.${name}`)
  const fields = Object.entries(properties).map(([name, property]) => [name, read(property, value[name], `${path}.${name}`, walk)] as const)
  for (const name of required) {
    if ((value[name] ?? null) === null)
      walk.problems.push(
        notUnderstood(`${path}.${name}`, 'nothing', properties[name] === undefined ? 'a value' : describe(properties[name])),
      )
  }
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined))
}

function readMap(schema: JsonSchema, value: Readonly<Record<string, unknown>>, path: string, walk: Walk): unknown {
  const fields = Object.entries(value).map(
    ([name, field]) => [name, read(schema, field, `${path}[${JSON.stringify(name)}]`, walk)] as const,
  )
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined))
}

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

function describe(schema: JsonSchema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'a whole number or a text'
  if (schema.enum !== undefined)
    return schema.enum.length > 12 ? 'one of the values that the reference lists' : `one of ${schema.enum.join(', ')}`
  const names = { string: 'a text', boolean: 'true or false', integer: 'a whole number', array: 'a list', object: 'an object' } as const
  return schema.type === undefined ? 'a value' : names[schema.type]
}

function notUnderstood(path: string, found: string, expected: string): NotUnderstood {
  const what = `${path === '' ? 'The channel' : path} is ${found}; this operator expects ${expected}.`
  return {
    path,
    found,
    expected,
    message: `${what} The CustomResourceDefinition is of another version than this operator: upgrade the chart, so that both are of one release`,
  }
}

const shownCharacters = 60

/** The kind of what was found, and short texts and numbers themselves: no secret has a place in a channel. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value)
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text
}
