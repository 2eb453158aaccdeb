import { describe, expect, it } from 'vitest'
import { classSchema, classSchemaHash, renderClassDefinition } from './class-crd.ts'
import { channelSchema, renderCustomResourceDefinition, schemaHash } from './crd.ts'
import { schemaHashAnnotation } from './definition.ts'
import type { StructuralSchema } from './schema/json-schema.ts'
import { walkSchema, type SchemaField } from './walk-schema.ts'
import { toYaml } from './yaml.ts'

const schemas = { channel: walkSchema(channelSchema, ''), class: walkSchema(classSchema, '') }

/** The paths of those that are not as they should be: a failure then says where to look. */
const strays = (of: readonly SchemaField[], isRight: (schema: StructuralSchema) => boolean): readonly string[] =>
  of.filter(({ schema }) => !isRight(schema)).map(({ path }) => path)

describe.each(Object.entries(schemas))('the schema of a %s', (_kind, fields) => {
  const spec = fields.filter(({ path }) => path.startsWith('spec'))

  it('describes every field in a sentence', () => {
    expect(fields.length).toBeGreaterThan(120)
    expect(strays(fields, ({ description }) => /^[A-Za-z`'].*\.$/.test(description))).toEqual([])
  })

  it('bounds every string, list and map that a user gives', () => {
    const isBound = (schema: StructuralSchema): boolean => {
      if (schema.type === 'string' || schema['x-kubernetes-int-or-string'] === true)
        return schema.maxLength !== undefined || schema.enum !== undefined || schema.format !== undefined
      if (schema.type === 'array') return schema.maxItems !== undefined
      return schema.additionalProperties === undefined || schema.maxProperties !== undefined
    }
    expect(strays(fields, isBound)).toEqual([])
  })

  it('bounds every number that a user gives, from both sides', () => {
    expect(strays(spec, ({ type, minimum, maximum }) => type !== 'integer' || (minimum !== undefined && maximum !== undefined))).toEqual([])
  })

  it('has a type for every field, and items for every list', () => {
    expect(strays(fields, (schema) => schema.type !== undefined || schema['x-kubernetes-int-or-string'] === true)).toEqual([])
    expect(strays(fields, ({ type, items }) => (type === 'array') === (items !== undefined))).toEqual([])
  })

  it('anchors every pattern at both ends', () => {
    expect(strays(fields, ({ pattern = '^$' }) => pattern.startsWith('^') && pattern.endsWith('$'))).toEqual([])
  })

  it('has a message for every rule', () => {
    const rules = fields.flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
    expect(rules.length).toBeGreaterThan(15)
    expect(rules.filter(({ message = '' }) => message.length < 20)).toEqual([])
  })

  it('requires only fields that exist', () => {
    expect(strays(fields, ({ required = [], properties = {} }) => required.every((name) => name in properties))).toEqual([])
  })
})

describe('the CustomResourceDefinition', () => {
  const fields = schemas.channel

  it('has the hash of its schema', () => {
    const { annotations } = renderCustomResourceDefinition().metadata
    expect(annotations[schemaHashAnnotation]).toBe(schemaHash())
    expect(schemaHash()).toMatch(/^[0-9a-f]{16}$/)
  })

  it('of the class has a hash of its own', () => {
    expect(renderClassDefinition().metadata.annotations[schemaHashAnnotation]).toBe(classSchemaHash())
    expect(classSchemaHash()).not.toBe(schemaHash())
  })

  it.each([renderCustomResourceDefinition, renderClassDefinition])(
    'is written as the same text each time, without aliases: %o',
    (render) => {
      const text = toYaml(render())
      expect(toYaml(render())).toBe(text)
      expect(text).not.toMatch(/[:-] [&*]a\d/)
    },
  )

  it('has the fields that the scale subresource and the columns name', () => {
    const [version] = renderCustomResourceDefinition().spec.versions
    const paths = fields.map(({ path }) => `.${path}`)
    const scale = version?.subresources?.scale
    expect(paths).toEqual(expect.arrayContaining([scale?.specReplicasPath, scale?.statusReplicasPath, scale?.labelSelectorPath]))
    const columns = (version?.additionalPrinterColumns ?? [])
      .map(({ jsonPath }) => jsonPath)
      .filter((path) => !/^\.metadata|\[\?/.test(path))
    expect(columns.filter((path) => !paths.includes(path))).toEqual([])
  })
})
