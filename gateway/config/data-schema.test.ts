import { describe, expect, it } from 'vitest'
import { schemaBounds, schemaMistakes, schemaWork } from './data-schema.ts'

const mistakes = (schema: unknown, maxBytes = 4_096): string => schemaMistakes(schema, 'schema', maxBytes).join('\n')
const nested = (levels: number): unknown => (levels === 0 ? true : { items: nested(levels - 1) })

describe('a schema of data', () => {
  it('may use what costs a bounded time', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'A message',
      type: 'object',
      required: ['text'],
      properties: {
        text: { type: 'string', minLength: 1, maxLength: 500 },
        kind: { enum: ['plain', 'markdown'] },
        version: { const: 1 },
        tags: { type: 'array', items: { type: 'string' }, maxItems: 5, prefixItems: [true] },
        size: { type: ['integer', 'null'], minimum: 0, exclusiveMaximum: 10, multipleOf: 2 },
      },
      additionalProperties: false,
      propertyNames: { maxLength: 20 },
      dependentRequired: { kind: ['text'] },
      allOf: [true],
      anyOf: [true],
      oneOf: [true],
    }
    expect(mistakes(schema)).toBe('')
  })

  it.each([
    [
      'a regular expression',
      { properties: { a: { pattern: '(a+)+$' } } },
      'schema.properties.a.pattern: regular expressions are not allowed',
    ],
    ['regular expressions as names', { patternProperties: { '(a+)+$': true } }, 'schema.patternProperties: regular expressions'],
    ['a format', { format: 'email' }, 'schema.format: formats are regular expressions'],
    ['a reference to another server', { $ref: 'https://example.com/s.json' }, 'schema.$ref: references are not allowed'],
    ['a reference to itself', { items: { $ref: '#' } }, 'schema.items.$ref: references are not allowed'],
    ['definitions', { $defs: {} }, 'schema.$defs: references are not allowed'],
    ['an id', { $id: 'https://example.com' }, 'schema.$id: schemas have no id here'],
    ['items that are compared with each other', { uniqueItems: true }, 'schema.uniqueItems: not allowed'],
    ['a schema that every item is tried with', { contains: true }, 'schema.contains: not allowed, because its cost'],
    ['a condition', { if: true }, 'schema.if: not allowed'],
    ['a negation', { properties: { a: { not: true } } }, 'schema.properties.a.not: not allowed'],
    ['an unknown keyword', { maxlength: 5 }, 'schema.maxlength: not a keyword'],
    ['a name of JavaScript', JSON.parse('{"properties": {"__proto__": {"type": "string"}}}'), 'the name __proto__ is not allowed'],
    ['a keyword named as a member of Object', { constructor: 1 }, 'schema.constructor: not a keyword'],
    ['an unknown type', { type: 'text' }, 'schema.type: must be one or several of'],
    ['a negative length', { maxLength: -1 }, 'schema.maxLength: must be a whole number from 0 on'],
    ['a text for a number', { minimum: '1' }, 'schema.minimum: must be a number'],
    ['a step of 0', { multipleOf: 0 }, 'schema.multipleOf: must be a number above 0'],
    ['a name that is required twice', { required: ['a', 'a'] }, 'schema.required: must be an array of names, each once'],
    ['no alternative', { anyOf: [] }, 'schema.anyOf: must be an array of schemas'],
    ['no value', { enum: [] }, 'schema.enum: must be an array of values'],
    ['an array for a schema', { items: [true] }, 'schema.items: must be a schema'],
    ['a text for schemas', { properties: 'a' }, 'schema.properties: must be an object of schemas'],
    ['a text for names', { dependentRequired: [] }, 'schema.dependentRequired: must be an object of arrays'],
    ['another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, 'schema.$schema: must be'],
    ['a number for a title', { title: 1 }, 'schema.title: must be a text'],
  ])('is refused for %s', (_, schema, expected) => {
    expect(mistakes(schema)).toContain(expected)
  })

  it('may have 16,384 bytes, and none more', () => {
    const sized = (bytes: number): unknown => ({ title: 'x'.repeat(bytes - '{"title":""}'.length) })
    expect(mistakes(sized(schemaBounds.bytes))).toBe('')
    expect(mistakes(sized(schemaBounds.bytes + 1))).toContain('16385 bytes; 16384 are allowed')
  })

  it('may be 16 levels deep, and not one more', () => {
    expect(mistakes(nested(schemaBounds.depth))).toBe('')
    expect(mistakes(nested(schemaBounds.depth + 1))).toContain('nested deeper than 16 levels')
  })

  it('may do so much work for the largest data, and none more', () => {
    const values = (count: number) => ({ items: { enum: Array.from({ length: count }, (_, value) => value) } })
    const allowed = schemaBounds.work / 65_536
    const others = schemaWork(values(1)) - 1
    expect(mistakes(values(allowed - others), 65_536)).toBe('')
    expect(mistakes(values(allowed - others + 1), 65_536)).toContain(
      `its work of ${allowed + 1} for data of up to 65536 bytes costs too much; ${allowed} is allowed`,
    )
    expect(mistakes(values(allowed - others + 1), 4_096)).toBe('')
  })

  it.each([
    ['nothing for what holds for one place', { type: 'object', required: ['a'], properties: { a: { enum: [1, 2] } } }, 0],
    ['two for each length', { properties: { a: { maxLength: 5, minLength: 1 } } }, 4],
    ['one for each keyword and value that holds for each item', { items: { type: 'array', enum: [{ a: [1, 2] }, 'b'] } }, 1 + 1 + 1 + 19],
    ['one for other properties that are forbidden', { additionalProperties: false }, 1],
    ['sixteen for alternatives for each item', { items: { anyOf: [{ type: 'string' }, true] } }, 1 + 1 + 32 + 16],
    ['sixteen for items of an alternative', { anyOf: [{ items: { type: 'string' } }] }, 32],
  ])('counts %s', (_, schema, work) => {
    expect(schemaWork(schema)).toBe(work)
  })
})
