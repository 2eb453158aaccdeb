import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attributeText, extensionName, jsonData } from '../testing/arbitraries.ts'
import { deliveredAttributes } from './delivered-attributes.ts'
import { encodeEvent } from './encode-event.ts'

const required = { id: 'a1', source: '/shop', type: 'com.example' }

function attributesOf(event: Readonly<Record<string, unknown>>): unknown {
  const body = encodeEvent({ kind: 'parsed', event, bytes: 0 })
  if (!body.ok) throw new Error(body.error.detail)
  return deliveredAttributes(body.value)
}

describe('the attributes that filters see', () => {
  it('are those of the delivered event, with their types, whatever its attributes and data are', () => {
    const value = fc.oneof(attributeText, fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }), fc.boolean())
    const data = fc.oneof(
      jsonData.map((some) => ({ data: some })),
      fc.uint8Array().map((bytes) => ({ data_base64: Buffer.from(bytes).toString('base64') })),
      fc.constant({}),
    )
    fc.assert(
      fc.property(fc.dictionary(extensionName, value, { maxKeys: 4, noNullPrototype: true }), data, (extensions, some) => {
        expect(attributesOf({ ...required, ...extensions, ...some })).toEqual({ specversion: '1.0', ...required, ...extensions })
      }),
    )
  })

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a text that looks like the member data', { subject: ',"data":1' }],
    ['a text that ends in a comma', { subject: 'x,' }],
    ['names that begin with data', { datacontenttype: 'application/json', dataschema: 'urn:x', dataref: 'y' }],
  ])('are found behind %s', (_title, attributes) => {
    expect(attributesOf({ ...required, ...attributes, data: { data: ',"data":' } })).toEqual({
      specversion: '1.0',
      ...required,
      ...attributes,
    })
  })

  it('have neither the audience nor a cursor that the producer wrote', () => {
    expect(attributesOf({ ...required, audience: '{"broadcast":true}', cursor: 'mine', specversion: '1.0.2' })).toEqual({
      specversion: '1.0',
      ...required,
    })
  })
})
