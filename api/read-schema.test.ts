import { describe, expect, it } from 'vitest'
import { checkBySchema, readSchema } from './read-schema.ts'
import type { JsonSchema } from './v1alpha1/schema/json-schema.ts'

const text = { type: 'string', description: 'A text.', maxLength: 3 } as const
const schema = {
  type: 'object',
  description: 'A section.',
  required: ['name'],
  properties: {
    name: text,
    count: { type: 'integer', description: 'A number.', minimum: 1, default: 2 },
    tags: { type: 'array', description: 'Tags.', items: text, maxItems: 2, 'x-kubernetes-list-type': 'set' },
    labels: { type: 'object', description: 'Labels.', additionalProperties: text },
    inner: { type: 'object', description: 'Fields.', default: {}, properties: { size: { ...text, default: 'big' } } },
    pod: { type: 'object', description: 'A pod.', 'x-kubernetes-preserve-unknown-fields': true },
    amount: { 'x-kubernetes-int-or-string': true, description: 'An amount.' },
  },
  'x-kubernetes-validations': [
    {
      rule: 'self.name != "no"',
      message: 'name must not be no',
      fieldPath: '.name',
      holds: ({ name }: { readonly name: string }) => name !== 'no',
    },
  ],
} as const satisfies JsonSchema

const read = (value: unknown, withDefaults = false) => readSchema(schema, value, { path: 'spec', withDefaults })

describe('readSchema', () => {
  it('stores known fields, and fills in defaults only when asked', () => {
    expect(read({ name: 'a', other: 1 }).stored).toEqual({ name: 'a' })
    expect(read({ name: 'a', other: 1 }, true).stored).toEqual({ name: 'a', count: 2, inner: { size: 'big' } })
  })

  it('stores a null as a field that is left out, and reports it, in objects and maps', () => {
    expect(read({ name: 'a', count: null, labels: { x: null, y: 'b' } })).toMatchObject({
      stored: { name: 'a', labels: { y: 'b' } },
      problems: [
        { kind: 'null', path: 'spec.count', message: 'expected a whole number of at least 1' },
        { kind: 'null', path: 'spec.labels.x', message: 'expected a string' },
      ],
    })
    expect(read({ name: 'a', count: null }, true).stored).toMatchObject({ count: 2 })
    expect(read({ name: null }).problems).toMatchObject([{ kind: 'missing', path: 'spec.name' }])
  })

  it('reports a null in a list, where no item can be left out', () => {
    expect(read({ name: 'a', tags: ['b', null] }).problems).toMatchObject([{ kind: 'type', path: 'spec.tags[1]', found: 'nothing' }])
  })

  it('checks neither bounds nor rules when the caller asks for types only', () => {
    const given = { name: 'no', count: 0, tags: ['a', 'a', 'long'], amount: 1 }
    const typed = readSchema(schema, given, { path: 'spec', typesOnly: true })
    expect(typed).toEqual({ ...read(given), problems: [] })
    expect(readSchema(schema, { ...given, name: null, inner: 3 }, { path: 'spec', typesOnly: true }).problems).toMatchObject([
      { kind: 'missing', path: 'spec.name' },
      { kind: 'type', path: 'spec.inner' },
    ])
  })

  it('reports each kind of problem with path, found and expected', () => {
    expect(read({ count: 0, tags: ['a', 'a', 'long'], labels: { 'a.b': 1 }, amount: 1.5 }).problems).toEqual([
      { kind: 'missing', path: 'spec.name', found: 'nothing', expected: 'a string', message: 'is required. A text.' },
      { kind: 'bound', path: 'spec.count', found: '0', expected: 'a whole number', message: 'expected a whole number of at least 1' },
      { kind: 'bound', path: 'spec.tags', found: 'a list', expected: 'a list', message: 'expected at most 2 items, not 3' },
      { kind: 'bound', path: 'spec.tags[2]', found: '"long"', expected: 'a string', message: 'expected at most 3 characters, not 4' },
      { kind: 'type', path: 'spec.labels["a.b"]', found: '1', expected: 'a string', message: 'expected a string' },
      {
        kind: 'type',
        path: 'spec.amount',
        found: '1.5',
        expected: 'a whole number or a string',
        message: 'expected a whole number or a string',
      },
    ])
  })

  it('names unknown fields, and keeps those of objects that another schema checks', () => {
    expect(read({ name: 'a', inner: { siez: 'x' }, pod: { any: [1] } })).toMatchObject({
      stored: { pod: { any: [1] } },
      unknown: [{ path: 'spec.inner.siez', known: ['size'] }],
    })
  })

  it('stores no field of the prototype of objects', () => {
    const { stored, unknown } = read(JSON.parse('{"name":"a","__proto__":{"count":7},"constructor":1}'), true)
    expect(stored).toEqual({ name: 'a', count: 2, inner: { size: 'big' } })
    expect(unknown.map(({ path }) => path)).toEqual(['spec.__proto__', 'spec.constructor'])
  })

  it('checks a rule unless a field below has a wrong type or is missing', () => {
    expect(read({ name: 'no' }).problems).toMatchObject([{ kind: 'rule', path: 'spec.name', message: 'name must not be no' }])
    expect(read({ name: 'no', count: 'x' }).problems).toMatchObject([{ kind: 'type' }])
    expect(read({ name: 'no', count: 0 }).problems).toMatchObject([{ kind: 'bound' }, { kind: 'rule' }])
  })
})

describe('checkBySchema', () => {
  it('reports problems of fields first, and rules only when every field is right', () => {
    expect(checkBySchema(schema, { name: 'no', count: 0, extra: 1 }, 'spec')).toEqual([
      { path: 'spec.count', message: 'expected a whole number of at least 1' },
      { path: 'spec.extra', message: 'is not known; known here: name, count, tags, labels, inner, pod, amount' },
    ])
    expect(checkBySchema(schema, { name: 'no' }, 'spec')).toEqual([{ path: 'spec.name', message: 'name must not be no' }])
  })
})
