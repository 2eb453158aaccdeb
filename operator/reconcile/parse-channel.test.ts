import { describe, expect, it } from 'vitest'
import { aChannel, smallestSpec } from '../testing/channel-builders.ts'
import { parseChannel } from './parse-channel.ts'

const object = (spec: unknown, more: object = {}): unknown => ({ apiVersion: 'carillon.dev/v1alpha1', kind: 'RealtimeChannel', metadata: { name: 'chat', namespace: 'shop' }, spec, ...more })

const problemOf = (given: unknown) => {
  const parsed = parseChannel(given)
  return parsed.ok ? null : { path: parsed.error.path, found: parsed.error.found, expected: parsed.error.expected }
}

describe('parseChannel', () => {
  it('fills in the defaults that an older CRD does not have', () => {
    const parsed = parseChannel(object(smallestSpec))
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        unknownFields: [],
        channel: {
          spec: {
            kafka: {},
            topic: { partitions: 3, deletionPolicy: 'Retain' },
            gateway: { replicas: 2, drainSeconds: 15, logLevel: 'info' },
            auth: { cookieName: 'cs_jwt', claims: { userId: 'user_id' }, dangerouslyAllowAnyOrigin: false },
            emit: { scopes: ['carillon.emit'] },
            replay: { window: '5m', maxBytes: '64Mi' },
            route: { type: 'None', paths: {} },
          },
        },
      },
    })
  })

  it('reads what it has read once as the same, and never hands out the schema\'s own defaults', () => {
    const channel = aChannel()
    expect(parseChannel(channel)).toEqual({ ok: true, value: { channel, unknownFields: [] } })
    expect(aChannel().spec.emit.scopes).not.toBe(aChannel().spec.emit.scopes)
  })

  it('takes an empty status, and keeps one that is there', () => {
    const status = { observedGeneration: 3, topic: { name: 't', origin: 'Created' as const } }
    expect(parseChannel(object(smallestSpec, { status: {} }))).toMatchObject({ ok: true, value: { channel: { status: {} } } })
    expect(parseChannel(object(smallestSpec, { status }))).toMatchObject({ ok: true, value: { channel: { status } } })
  })

  it('names and leaves out the fields that only a newer CRD has', () => {
    const parsed = parseChannel(object({ ...smallestSpec, mesh: {}, topic: { partitions: 1, tiered: true } }))
    expect(parsed).toMatchObject({ ok: true, value: { unknownFields: ['spec.mesh', 'spec.topic.tiered'] } })
    expect(parsed.ok && parsed.value.channel.spec.topic).toEqual({ partitions: 1, deadLetters: { enabled: true }, deletionPolicy: 'Retain' })
  })

  it('keeps objects of Kubernetes\' own API and maps as they are', () => {
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } }
    const gateway = { replicas: 1, affinity, podLabels: { team: 'web' }, resources: { limits: { memory: '1Gi', cpu: 2 } } }
    expect(parseChannel(object({ ...smallestSpec, gateway }))).toMatchObject({ ok: true, value: { unknownFields: [], channel: { spec: { gateway } } } })
  })

  it('takes a null for what was left out, as the API server does', () => {
    expect(parseChannel(object({ ...smallestSpec, topic: { partitions: null, name: null } }))).toMatchObject({ ok: true, value: { channel: { spec: { topic: { partitions: 3 } } } } })
  })

  it.each([
    [object({ ...smallestSpec, topic: { partitions: 'three' } }), { path: 'spec.topic.partitions', found: '"three"', expected: 'a whole number' }],
    [object({ ...smallestSpec, topic: { partitions: 1.5 } }), { path: 'spec.topic.partitions', found: '1.5', expected: 'a whole number' }],
    [object({ ...smallestSpec, topic: [] }), { path: 'spec.topic', found: 'a list', expected: 'an object' }],
    [object({ ...smallestSpec, topic: { deletionPolicy: 'Archive' } }), { path: 'spec.topic.deletionPolicy', found: '"Archive"', expected: 'one of Retain, Delete' }],
    [object({ ...smallestSpec, emit: { scopes: ['a', 7] } }), { path: 'spec.emit.scopes[1]', found: '7', expected: 'a text' }],
    [object({ ...smallestSpec, topic: { config: { 'a.b': 1 } } }), { path: 'spec.topic.config["a.b"]', found: '1', expected: 'a text' }],
    [object({ ...smallestSpec, replay: { maxBytes: true } }), { path: 'spec.replay.maxBytes', found: 'true', expected: 'a whole number or a text' }],
    [object({}), { path: 'spec.auth', found: 'nothing', expected: 'an object' }],
    [object(undefined), { path: 'spec.auth', found: 'nothing', expected: 'an object' }],
    [object(smallestSpec, { status: { conditions: 'none' } }), { path: 'status.conditions', found: '"none"', expected: 'a list' }],
    [object(smallestSpec, { status: { topic: { name: 't', origin: 'Imported' } } }), { path: 'status.topic.origin', found: '"Imported"', expected: 'one of Created, Adopted' }],
    [object(smallestSpec, { apiVersion: 'carillon.dev/v1' }), { path: 'apiVersion', found: '"carillon.dev/v1"', expected: 'carillon.dev/v1alpha1' }],
    [object(smallestSpec, { kind: 'Channel' }), { path: 'kind', found: '"Channel"', expected: 'RealtimeChannel' }],
    [object(smallestSpec, { metadata: {} }), { path: 'metadata.name', found: 'nothing', expected: 'a text' }],
    [null, { path: '', found: 'nothing', expected: 'an object' }],
    ['channel', { path: '', found: '"channel"', expected: 'an object' }],
  ])('says of %j what is, what was expected, and where', (given, problem) => {
    expect(problemOf(given)).toEqual(problem)
  })

  it('tells people that the versions differ and what to do', () => {
    const parsed = parseChannel(object({ ...smallestSpec, topic: { partitions: 'three' } }))
    expect(parsed.ok ? '' : parsed.error.message).toBe(
      'spec.topic.partitions is "three"; this operator expects a whole number. The CustomResourceDefinition is of another version than this operator: upgrade the chart, so that both are of one release',
    )
  })
})
