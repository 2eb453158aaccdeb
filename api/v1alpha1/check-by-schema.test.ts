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

describe('the bounds of the schema', () => {
  it.each(fields.filter((field) => boundsOf(field).length > 0).map((field) => [field.path, field] as const))(
    'are kept: %s',
    (path, field) => {
      const inside = path.replace(/^spec\.?/, '')
      for (const { name, within, beyond } of boundsOf(field)) {
        expect(pathsOf(withField(minimalExample.spec, inside, beyond)), `beyond ${name}`).toContain(reportedPath(path))
        const isSure = name === 'minimum' || name === 'maximum' || name === 'enum'
        expect(isSure ? readSchema(field.schema, within, { path }).problems : [], `within ${name}`).toEqual([])
      }
    },
  )

  it('say what is missing, what nobody knows, and what is there twice', () => {
    const spec = {
      kafka: { sasl: { mechanism: 'plain' } },
      auth: { issuer: 'https://login.example.com', audience: ['a', 'a'], allowedOrigin: ['https://app.example.com'] },
    }
    expect(check(spec as unknown as RealtimeChannelSpec)).toEqual([
      // as somebody without types may write it
      { path: 'spec.kafka.sasl.secretRef', message: expect.stringMatching(/^is required\. A Secret of this namespace/) },
      { path: 'spec.auth.audience', message: 'expected each item once; "a" is there twice' },
      { path: 'spec.auth.allowedOrigin', message: expect.stringMatching(/^is not known; known here: .*allowedOrigins/) },
    ])
  })

  it('say what is of another type', () => {
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

  it('leave what is in the words of Kubernetes to Kubernetes', () => {
    expect(
      check(withField(minimalExample.spec, 'gateway', { replicas: 1, affinity: { anything: [1] }, tolerations: [{ of: 'any kind' }] })),
    ).toEqual([])
  })
})

describe('the rules of the schema', () => {
  it('can all be checked without an API server, but for those that compare with before', () => {
    const rules = fields.flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
    expect(rules.filter(({ rule, holds }) => (holds === null) !== rule.includes('oldSelf'))).toEqual([])
  })

  it.each(refusedSpecs)('refuse: $message', ({ message, spec }) => {
    expect(check(spec)).toEqual([{ path: expect.stringMatching(/^spec\b/), message: expect.stringContaining(message) }])
  })

  it('are all shown to refuse something', () => {
    const messages = fields
      .flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
      .filter(({ rule }) => !rule.includes('oldSelf'))
      .map(({ message = '' }) => message)
    expect(messages.filter((message) => !refusedSpecs.some((refused) => message.startsWith(refused.message)))).toEqual([])
  })

  it.each(takenSpecs.map((spec, index) => [index, spec] as const))('take what is just within them: %i', (_, spec) => {
    expect(check(spec)).toEqual([])
  })
})

describe('the defaults', () => {
  it('are filled in for all that may be left out', () => {
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

  it("are never the schema's own lists", () => {
    expect(withDefaults({}).emit.scopes).not.toBe(withDefaults({}).emit.scopes)
  })

  it('change nothing of what is given', () => {
    const spec = structuredClone(minimalExample.spec)
    withDefaults(spec)
    expect(spec).toEqual(minimalExample.spec)
  })
})
