import { describe, expect, it } from 'vitest'
import { minimalExample } from './examples.ts'
import { specSchema, withDefaults, type RealtimeChannelSpec } from './realtime-channel.ts'
import { walkSchema } from './walk-schema.ts'
import { boundsOf, fieldAt, reportedPath, withField } from '../testing/schema-bounds.ts'
import { refusedSpecs, takenSpecs } from '../testing/refused-specs.ts'
import { checkBySchema, readSchema } from '../read-schema.ts'

const fields = walkSchema(specSchema, 'spec')
const check = (spec: RealtimeChannelSpec) => checkBySchema(specSchema, spec, 'spec')
const pathsOf = (spec: RealtimeChannelSpec): readonly string[] => check(spec).map(({ path }) => path)

describe('checkBySchema, on the bounds of fields', () => {
  it.each(fields.filter((field) => boundsOf(field).length > 0).map((field) => [field.path, field] as const))(
    'accepts a value within each bound, and refuses one beyond it: %s',
    (path, field) => {
      const inside = path.replace(/^spec\.?/, '')
      for (const { name, within, beyond } of boundsOf(field)) {
        expect(pathsOf(withField(minimalExample.spec, inside, beyond)), `beyond ${name}`).toContain(reportedPath(path))
        const isSure = name === 'minimum' || name === 'maximum' || name === 'enum'
        expect(isSure ? readSchema(field.schema, within, { path }).problems : [], `within ${name}`).toEqual([])
      }
    },
  )

  it('reports missing fields, unknown fields and duplicate items', () => {
    const spec = {
      kafka: { sasl: { mechanism: 'plain' } },
      auth: { issuer: 'https://login.example.com', audience: ['a', 'a'], allowedOrigin: ['https://app.example.com'] },
    }
    expect(check(spec as unknown as RealtimeChannelSpec)).toEqual([
      // written without types
      { path: 'spec.kafka.sasl.secretRef', message: expect.stringMatching(/^is required\. A Secret of this namespace/) },
      { path: 'spec.auth.audience', message: 'expected each item once; "a" is there twice' },
      { path: 'spec.auth.allowedOrigin', message: expect.stringMatching(/^is not known; known here: .*allowedOrigins/) },
    ])
  })

  it('reports a value of another type', () => {
    const types = {
      'gateway.drainSeconds': '15',
      'gateway.logLevel': 1,
      'auth.dangerouslyAllowAnyOrigin': 'yes',
      'auth.audience': 'a',
      kafka: [],
      'replay.maxBytes': true,
    }
    for (const [path, value] of Object.entries(types))
      expect(pathsOf(withField(minimalExample.spec, path, value))).toEqual([`spec.${path}`])
  })

  it("leaves objects of Kubernetes' own API to the API server", () => {
    expect(
      check(withField(minimalExample.spec, 'gateway', { replicas: 1, affinity: { anything: [1] }, tolerations: [{ of: 'any kind' }] })),
    ).toEqual([])
  })
})

describe('checkBySchema, on rules', () => {
  it('has a check in TypeScript for each rule in CEL, except those that compare with the value before', () => {
    const rules = fields.flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
    expect(rules.filter(({ rule, holds }) => (holds === null) !== rule.includes('oldSelf'))).toEqual([])
  })

  it.each(refusedSpecs)('refuses a spec that breaks the rule: $message', ({ message, spec }) => {
    expect(check(spec)).toEqual([{ path: expect.stringMatching(/^spec\b/), message: expect.stringContaining(message) }])
  })

  it('has a refused spec for each rule', () => {
    const messages = fields
      .flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
      .filter(({ rule }) => !rule.includes('oldSelf'))
      .map(({ message = '' }) => message)
    expect(messages.filter((message) => !refusedSpecs.some((refused) => message.startsWith(refused.message)))).toEqual([])
  })

  it.each(takenSpecs.map((spec, index) => [index, spec] as const))('accepts a spec just within the rules: %i', (_, spec) => {
    expect(check(spec)).toEqual([])
  })
})

describe('withDefaults', () => {
  it('fills in the default of each field that is left out', () => {
    const filled = withDefaults(minimalExample.spec)
    const missing = fields.filter(({ path, schema }) => {
      const [inside, parent] = [path.replace(/^spec\.?/, ''), path.replace(/^spec\.?/, '').replace(/\.?[^.]+$/, '')]
      const isThere = parent === '' || fieldAt(filled, parent) !== undefined
      return schema.default !== undefined && !path.includes('[]') && isThere && fieldAt(filled, inside) === undefined
    })
    expect(missing.map(({ path }) => path)).toEqual([])
    expect(withDefaults({})).toMatchObject({
      topic: { partitions: 3, deletionPolicy: 'Retain' },
      gateway: { replicas: 2, drainSeconds: 15 },
      auth: { cookieName: 'cs_jwt', claims: { userId: 'user_id' } },
      replay: { window: '5m' },
      route: { type: 'None', paths: {} },
    })
  })

  it("returns copies of the schema's lists", () => {
    expect(withDefaults({}).emit.scopes).not.toBe(withDefaults({}).emit.scopes)
  })

  it('does not change its argument', () => {
    const spec = structuredClone(minimalExample.spec)
    withDefaults(spec)
    expect(spec).toEqual(minimalExample.spec)
  })
})
