import { describe, expect, it } from 'vitest'
import { minimalExample } from '../../operator/api/v1alpha1/examples.ts'
import { apiVersion, channelKind, specSchema, type RealtimeChannelSpec } from '../../operator/api/v1alpha1/realtime-channel.ts'
import { walkSchema } from '../../operator/api/v1alpha1/walk-schema.ts'
import { parseChannel } from '../../operator/reconcile/parse-channel.ts'
import { boundsOf, reportedPath, withField } from '../../operator/testing/schema-bounds.ts'
import { refusedSpecs, takenSpecs } from '../testing/refused-specs.ts'
import { checkSpec } from './check-spec.ts'
import { checkValue } from './check-value.ts'
import { fillDefaults } from './fill-defaults.ts'
import { rules } from './rules.ts'

const fields = walkSchema(specSchema, 'spec')
const pathsOf = (spec: RealtimeChannelSpec): readonly string[] => checkSpec(spec).map(({ path }) => path)

describe('the bounds of the schema', () => {
  it.each(fields.filter((field) => boundsOf(field).length > 0).map((field) => [field.path, field] as const))('are kept: %s', (path, field) => {
    const inside = path.replace(/^spec\.?/, '')
    for (const { name, within, beyond } of boundsOf(field)) {
      expect(pathsOf(withField(minimalExample.spec, inside, beyond)), `beyond ${name}`).toContain(reportedPath(path))
      const isSure = name === 'minimum' || name === 'maximum' || name === 'enum'
      expect(isSure ? checkValue(field.schema, within, path) : [], `within ${name}`).toEqual([])
    }
  })

  it('say what is missing, what nobody knows, and what is there twice', () => {
    const spec = { auth: { issuer: 'https://login.example.com', audience: ['a', 'a'], allowedOrigin: ['https://app.example.com'] } }
    expect(checkSpec(spec as unknown as RealtimeChannelSpec)).toEqual([ // as somebody without types may write it
      { path: 'spec.auth.jwks', message: 'is required. The keys that verify tokens: exactly one of uri, secretRef, configMapRef.' },
      { path: 'spec.auth.audience', message: 'expected each item once; "a" is there twice' },
      { path: 'spec.auth.allowedOrigin', message: expect.stringMatching(/^is not known; known here: .*allowedOrigins/) },
    ])
  })

  it('say what is of another type', () => {
    const types = { 'gateway.drainSeconds': '15', 'gateway.logLevel': 1, 'auth.dangerouslyAllowAnyOrigin': 'yes', 'auth.audience': 'a', kafka: [], 'replay.maxBytes': true }
    for (const [path, value] of Object.entries(types)) expect(pathsOf(withField(minimalExample.spec, path, value))).toEqual([`spec.${path}`])
  })

  it('leave what is in the words of Kubernetes to Kubernetes', () => {
    expect(checkSpec(withField(minimalExample.spec, 'gateway', { replicas: 1, affinity: { anything: [1] }, tolerations: [{ of: 'any kind' }] }))).toEqual([])
  })
})

describe('the rules of the schema', () => {
  it('all have a twin, in their order, but for those that compare with before', () => {
    const ofSchema = fields.flatMap(({ path, schema }) => {
      const own = schema['x-kubernetes-validations'] ?? []
      return own.length === 0 ? [] : [[path, own.map(({ rule }) => !rule.includes('oldSelf'))] as const]
    })
    const twins = Object.entries(rules).map(([path, own]) => [path, own.map((rule) => rule !== null)])
    expect(Object.fromEntries(twins)).toEqual(Object.fromEntries(ofSchema))
  })

  it.each(refusedSpecs)('refuse: $message', ({ message, spec }) => {
    expect(checkSpec(spec)).toEqual([{ path: expect.stringMatching(/^spec\b/), message: expect.stringContaining(message) }])
  })

  it('are all shown to refuse something', () => {
    const messages = fields.flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? []).filter(({ rule }) => !rule.includes('oldSelf')).map(({ message = '' }) => message)
    expect(messages.filter((message) => !refusedSpecs.some((refused) => message.startsWith(refused.message)))).toEqual([])
  })

  it.each(takenSpecs.map((spec, index) => [index, spec] as const))('take what is just within them: %i', (_, spec) => {
    expect(checkSpec(spec)).toEqual([])
  })
})

describe('the defaults', () => {
  it('are those that the operator would fill in', () => {
    for (const spec of takenSpecs) {
      const parsed = parseChannel({ apiVersion, kind: channelKind, metadata: { name: 'any' }, spec })
      expect(parsed).toMatchObject({ ok: true, value: { channel: { spec: fillDefaults(spec) } } })
    }
  })

  it('change nothing of what is given', () => {
    const spec = structuredClone(minimalExample.spec)
    fillDefaults(spec)
    expect(spec).toEqual(minimalExample.spec)
  })
})
