import fc from 'fast-check'
import { expect, test } from 'vitest'
import { options, type Option, type OptionName, type Options } from './options.ts'
import { gatewayOptions } from './bind-options.ts'
import type { OptionValueOf } from '../../program/options/option.ts'
import { readOption } from '../../program/options/read-option.ts'

const { names: optionNames, renderEnvironment } = gatewayOptions
const reader = { readable: () => true }

/** Any value that the row of the table allows. */
function anyValue(option: Option): fc.Arbitrary<OptionValueOf> {
  switch (option.kind) {
    case 'integer':
      return fc.integer({ min: option.min, max: option.max })
    case 'boolean':
      return fc.boolean()
    case 'enum':
      return fc.constantFrom(...option.values)
    case 'list':
      return fc.array(anyItem(option), { minLength: 1, maxLength: option.maxItems })
    case 'url':
      return fc.webUrl({ withQueryParameters: true })
    default:
      return anyText(option).filter((text) => text !== '' && (option.kind === 'secret' || text.trim() === text))
  }
}

function anyItem(option: Extract<Option, { kind: 'list' }>): fc.Arbitrary<string> {
  if (option.values !== undefined) return fc.constantFrom(...option.values)
  if (option.items === 'broker') return fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `${host}:${port}`)
  if (option.items === 'origin') return fc.domain().map((host) => `https://${host}`)
  if (option.items === 'token-type' || option.items === 'request-header') return fc.stringMatching(/^y[!#$%&'*+.^_`|~0-9A-Za-z-]{0,20}$/)
  return fc.string({ minLength: 1 }).filter((text) => !text.includes(',') && text.trim() === text)
}

function anyText(option: Extract<Option, { kind: 'string' | 'secret' | 'file' | 'url' }>): fc.Arbitrary<string> {
  if (option.pattern !== undefined) return fc.stringMatching(new RegExp(option.pattern))
  return fc.string({ unit: 'grapheme', maxLength: 60 })
}

const anyOptions: fc.Arbitrary<Partial<Options>> = fc.record(
  // Each value is of the kind of its row, as the type Options demands.
  Object.fromEntries(optionNames.map((name) => [name, anyValue(options[name])])) as Record<OptionName, fc.Arbitrary<never>>,
  { requiredKeys: [] },
)

test('a rendered environment is read back as the same options', () => {
  fc.assert(
    fc.property(anyOptions, (given) => {
      const env = new Map(renderEnvironment(given).map(({ name, value }) => [name, value]))
      const read = optionNames
        .filter((name) => env.has(options[name].env))
        .map((name) => [name, readOption(options[name], env.get(options[name].env) ?? '', reader)])
      expect(Object.fromEntries(read)).toEqual(
        Object.fromEntries(Object.entries(given).map(([name, value]) => [name, { ok: true, value }])),
      )
    }),
    { numRuns: 200 },
  )
})

test('the same options give the same text, in the order of the table', () => {
  expect(renderEnvironment({ port: 1, channel: 'a', kafkaBrokers: ['x:1', 'y:2'], kafkaTls: true })).toEqual([
    { name: 'CHANNEL', value: 'a' },
    { name: 'PORT', value: '1' },
    { name: 'KAFKA_BROKERS', value: 'x:1,y:2' },
    { name: 'KAFKA_TLS', value: 'true' },
  ])
})

test('an option that is left out is not rendered', () => {
  expect(renderEnvironment({})).toEqual([])
})

test('an empty text or list is rendered where it is the default', () => {
  expect(renderEnvironment({ kafkaTopicEpoch: '', kafkaBrokers: [] })).toEqual([
    { name: 'KAFKA_BROKERS', value: '' },
    { name: 'KAFKA_TOPIC_EPOCH', value: '' },
  ])
})

test.each<Partial<Options>>([
  { port: 70_000 },
  { port: 1.5 },
  { channel: 'Not A Name' },
  { jwtAudience: ['a,b'] },
  { jwtAudience: [' a'] },
  { emitScopes: [] },
  { jwtClaimRoles: '' },
  { kafkaBrokers: ['nonsense'] },
])('%j is refused by name, because no environment can express it', (given) => {
  expect(() => renderEnvironment(given)).toThrow(`${Object.keys(given)[0]} has a value that`)
})
