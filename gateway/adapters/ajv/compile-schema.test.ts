import { describe, expect, it } from 'vitest'
import { schemaMistakes, type DataSchema } from '../../config/data-schema.ts'
import { compileSchema } from './compile-schema.ts'

/** Compiles a schema that a rule may have. */
function compile(schema: DataSchema) {
  expect(schemaMistakes(schema, 'schema', 4_096)).toEqual([])
  return compileSchema(schema)
}

describe('the check of data by a schema', () => {
  it.each<[string, DataSchema, unknown, string | null]>([
    ['a type', { type: 'string' }, 1, 'data must be string'],
    ['one of several types', { type: ['integer', 'null'] }, null, null],
    ['a value', { const: { a: [1] } }, { a: [1] }, null],
    ['another value', { enum: ['a', 1] }, 2, 'data must be equal to one of the allowed values'],
    ['a place', { properties: { a: { items: { maximum: 1 } } } }, { a: [0, 2] }, 'data/a/1 must be <= 1'],
    ['a length in characters', { maxLength: 1 }, '😀', null],
    ['a missing property', { required: ['a'] }, {}, "data must have required property 'a'"],
    ['a property too many', { properties: { a: true }, additionalProperties: false }, { b: 1 }, 'data must NOT have additional properties'],
    ['a name', { propertyNames: { maxLength: 1 } }, { bb: 1 }, 'data must NOT have more than 1 characters'],
    ['items by their place', { prefixItems: [{ type: 'string' }], items: false }, ['a', 1], 'data must NOT have more than 1 items'],
    ['alternatives', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, 'data must be string'],
    ['what depends on a property', { dependentRequired: { a: ['b'] } }, { a: 1 }, 'data must have property b when property a is present'],
    ['a schema that allows everything', {}, { a: 1 }, null],
    ['an unknown draft of an annotation', { title: 'x', default: 1, examples: [{ a: 1 }] }, 'x', null],
  ])('finds %s', (_, schema, data, mistake) => {
    expect(compile(schema)(data)).toBe(mistake)
  })

  it('names at most 128 characters of a place, which the client chooses', () => {
    const mistake = compile({ additionalProperties: { type: 'null' } })({ ['x'.repeat(10_000)]: 1 })
    expect(mistake).toBe(`data/${'x'.repeat(127)} must be null`)
  })

  it('sees the names of JavaScript in data as any other', () => {
    const validate = compile({ properties: { a: true }, additionalProperties: false })
    for (const name of ['__proto__', 'constructor', 'toString']) expect(validate(JSON.parse(`{"${name}": 1}`)), name).not.toBeNull()
    expect(compile({ required: ['toString'] })({})).not.toBeNull()
  })
})
