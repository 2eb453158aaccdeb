import { isRecord } from '../../program/is-record.ts'

/**
 * A JSON Schema (draft 2020-12) of the data of an event: the part of the language whose cost is bounded. The author of a channel writes it, and every
 * send of a stranger runs it. So it has no regular expressions (`pattern`, `patternProperties`, `format`), no references (a chain of them multiplies
 * work), and no keywords that try each item and remember what failed (`contains`, `uniqueItems`, `not`, `if`). What is left is a tree: each of its
 * parts is checked at most once for each value of the data, so the count of parts and the bytes of the data bound the work (docs/adr/0027).
 */
export type DataSchema = Readonly<Record<string, unknown>>

/** Bounds of a schema. */
export const schemaBounds = {
  /** Bytes of its JSON. */
  bytes: 16_384,
  /** Levels of schemas inside one another. */
  depth: 16,
  /** Most work (`schemaWork`) times the largest data of the rule, in bytes. */
  work: 8_388_608,
} as const

/** A mistake, with the path of its place and the remedy. */
export type Mistake = string

/** Returns every mistake of a schema. @param maxBytes the largest data that the schema is for */
export function schemaMistakes(schema: unknown, path: string, maxBytes: number): readonly Mistake[] {
  if (!isRecord(schema)) return [`${path}: must be a JSON Schema, as an object`]
  const bytes = Buffer.byteLength(JSON.stringify(schema))
  if (bytes > schemaBounds.bytes) return [`${path}: ${bytes} bytes; ${schemaBounds.bytes} are allowed. Shorten it`]
  const survey = new Survey()
  survey.schema(schema, path, { depth: 1, weight: 0 })
  const { mistakes, work } = survey
  if (mistakes.length === 0 && work * maxBytes > schemaBounds.work)
    return [
      `${path}: its work of ${work} for data of up to ${maxBytes} bytes costs too much; ${Math.floor(schemaBounds.work / maxBytes)} is allowed. Shorten what it says about items, about other properties and about lengths, or lower maxBytes`,
    ]
  return mistakes
}

/**
 * Returns the work of a schema for each byte of the data. A keyword that holds for one place costs nothing that counts. One that holds for each item or
 * for each other property counts 1, and 16 if it is in an alternative, because each alternative that fails leaves an error. A length counts 2: it is
 * counted in characters.
 */
export function schemaWork(schema: DataSchema): number {
  const survey = new Survey()
  survey.schema(schema, '', { depth: 1, weight: 0 })
  return survey.work
}

/** The place of a schema in the whole. */
interface Place {
  readonly depth: number
  /** Work of a keyword here: 0 outside of items and other properties. */
  readonly weight: number
  readonly isAlternative?: boolean
}

type Form =
  | 'schema of each'
  | 'schemas'
  | 'alternatives'
  | 'schemas by name'
  | 'names'
  | 'names by name'
  | 'count'
  | 'length'
  | 'number'
  | 'positive'
  | 'type'
  | 'value'
  | 'values'
  | 'words'
  | 'annotation'

/** The keywords, with the form of their values. */
const forms: Readonly<Record<string, Form | undefined>> = Object.assign(Object.create(null), {
  $schema: 'words',
  $comment: 'words',
  title: 'words',
  description: 'words',
  default: 'annotation',
  examples: 'annotation',
  deprecated: 'annotation',
  readOnly: 'annotation',
  writeOnly: 'annotation',
  type: 'type',
  enum: 'values',
  const: 'value',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'positive',
  minLength: 'length',
  maxLength: 'length',
  minItems: 'count',
  maxItems: 'count',
  minProperties: 'count',
  maxProperties: 'count',
  required: 'names',
  dependentRequired: 'names by name',
  properties: 'schemas by name',
  additionalProperties: 'schema of each',
  propertyNames: 'schema of each',
  items: 'schema of each',
  prefixItems: 'schemas',
  allOf: 'schemas',
  anyOf: 'alternatives',
  oneOf: 'alternatives',
} satisfies Record<string, Form>)

const schemaTypes: ReadonlySet<unknown> = new Set(['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'])

const notAllowed = 'not allowed, because its cost is not bounded. Use anyOf, or a check in the service'

/** Reasons to refuse keywords that JSON Schema has. */
const refused: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  pattern: 'regular expressions are not allowed, because one can block the gateway. Use enum, maxLength, or a check in the service',
  patternProperties: 'regular expressions are not allowed, because one can block the gateway. Use properties',
  format: 'formats are regular expressions, which are not allowed. Use maxLength, or a check in the service',
  $ref: 'references are not allowed. Write the schema in place of each reference',
  $dynamicRef: 'references are not allowed. Write the schema in place of each reference',
  $id: 'schemas have no id here, because nothing can refer to them. Leave it out',
  $anchor: 'schemas have no anchor here, because nothing can refer to them. Leave it out',
  $defs: 'references are not allowed, so nothing could use it. Write the schemas where they hold',
  definitions: 'references are not allowed, so nothing could use it. Write the schemas where they hold',
  uniqueItems: 'not allowed, because it compares all items with each other. Check it in the service',
  contains: notAllowed,
  minContains: notAllowed,
  maxContains: notAllowed,
  dependentSchemas: notAllowed,
  not: notAllowed,
  if: notAllowed,
  // eslint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: notAllowed,
  else: notAllowed,
} satisfies Record<string, string>)

const knownDraft = 'https://json-schema.org/draft/2020-12/schema'
const maxMistakes = 10

/** Work of a keyword of an alternative, for each item: a failed one leaves an error. */
const alternativeWeight = 16

/** Work of a length, whose text has as many characters as the data have bytes. */
const lengthWeight = 2

/** Walks through a schema once. Its JSON is bounded, so its depth is, too. */
class Survey {
  readonly mistakes: Mistake[] = []
  work = 0

  schema(value: unknown, path: string, place: Place): void {
    this.work += place.weight
    if (typeof value === 'boolean') return
    if (!isRecord(value)) return this.#wrong(path, 'must be a schema: an object, true or false')
    if (place.depth > schemaBounds.depth) return this.#wrong(path, `schemas are nested deeper than ${schemaBounds.depth} levels`)
    for (const [keyword, content] of Object.entries(value)) this.#keyword(keyword, content, `${path}.${keyword.slice(0, 64)}`, place)
  }

  #keyword(keyword: string, value: unknown, path: string, place: Place): void {
    const form = forms[keyword]
    if (form === undefined)
      return this.#wrong(path, refused[keyword] ?? 'not a keyword that a schema may have here (docs/protocol.md, section 5.2)')
    this.work += place.weight
    if (keyword === '$schema' && value !== knownDraft) return this.#wrong(path, `must be ${knownDraft}, or left out`)
    this.#content(form, value, path, { ...place, depth: place.depth + 1 })
  }

  /** @param inner the place of schemas in the value */
  #content(form: Form, value: unknown, path: string, inner: Place): void {
    switch (form) {
      case 'schema of each':
        return this.schema(value, path, { ...inner, weight: inner.isAlternative === true ? alternativeWeight : 1 })
      case 'schemas':
        return this.#schemas(value, path, inner)
      case 'alternatives':
        return this.#schemas(value, path, { ...inner, weight: inner.weight === 0 ? 0 : alternativeWeight, isAlternative: true })
      case 'schemas by name':
        if (!isRecord(value)) return this.#wrong(path, 'must be an object of schemas')
        return Object.entries(value).forEach(([name, member]) => this.#named(name, path, (at) => this.schema(member, at, inner)))
      case 'names by name':
        if (!isRecord(value)) return this.#wrong(path, 'must be an object of arrays of names')
        return Object.entries(value).forEach(([name, member]) => this.#named(name, path, (at) => this.#names(member, at, inner)))
      case 'names':
        return this.#names(value, path, inner)
      case 'values':
        if (!Array.isArray(value) || value.length === 0) return this.#wrong(path, 'must be an array of values that is not empty')
        for (const member of value) this.work += comparisonWork(member) * inner.weight
        return
      case 'value':
        return void (this.work += comparisonWork(value) * inner.weight)
      case 'length':
        this.work += lengthWeight
        return this.#unless(isCount(value), path, 'must be a whole number from 0 on')
      case 'count':
        return this.#unless(isCount(value), path, 'must be a whole number from 0 on')
      case 'number':
        return this.#unless(typeof value === 'number', path, 'must be a number')
      case 'positive':
        return this.#unless(typeof value === 'number' && value > 0, path, 'must be a number above 0')
      case 'type':
        return this.#type(value, path)
      case 'words':
        return this.#unless(typeof value === 'string', path, 'must be a text')
      case 'annotation':
        return undefined
    }
  }

  #schemas(value: unknown, path: string, inner: Place): void {
    if (!Array.isArray(value) || value.length === 0) return this.#wrong(path, 'must be an array of schemas that is not empty')
    value.forEach((member: unknown, index) => this.schema(member, `${path}[${index}]`, inner))
  }

  #named(name: string, path: string, look: (path: string) => void): void {
    const at = `${path}.${name.slice(0, 64)}`
    // Such a name is a trap in JavaScript, and no event of a well-meaning client has it.
    if (name === '__proto__') this.#wrong(at, 'the name __proto__ is not allowed')
    else look(at)
  }

  #names(value: unknown, path: string, { weight }: Place): void {
    if (!Array.isArray(value) || !value.every((name) => typeof name === 'string') || new Set(value).size < value.length)
      return this.#wrong(path, 'must be an array of names, each once')
    this.work += value.length * weight
  }

  #type(value: unknown, path: string): void {
    const types: readonly unknown[] = Array.isArray(value) ? value : [value]
    const isKnown = types.length > 0 && types.every((type) => schemaTypes.has(type)) && new Set(types).size === types.length
    this.#unless(isKnown, path, `must be one or several of ${[...schemaTypes].join(', ')}`)
  }

  #unless(kept: boolean, path: string, expected: string): void {
    if (!kept) this.#wrong(path, expected)
  }

  #wrong(path: string, what: string): void {
    if (this.mistakes.length < maxMistakes) this.mistakes.push(`${path}: ${what}`)
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0

/** Work of a comparison with a value: with a text or number 1, with an object or array 8 and that of its members. */
function comparisonWork(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((work, member) => work + comparisonWork(member), 8)
}
