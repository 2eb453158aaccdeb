import { describe, expect, it } from 'vitest'
import { aChannel, smallestSpec } from '../testing/channel-builders.ts'
import { parseChannel } from './parse-channel.ts'

const object = (spec: unknown, more: object = {}): unknown => ({
  apiVersion: 'carillon.dev/v1alpha1',
  kind: 'RealtimeChannel',
  metadata: { name: 'chat', namespace: 'shop' },
  spec,
  ...more,
})

const problemOf = (given: unknown) => {
  const parsed = parseChannel(given)
  return parsed.ok ? null : { path: parsed.error.path, found: parsed.error.found, expected: parsed.error.expected }
}

describe('parseChannel', () => {
  it('fills in no defaults, because those of the class come first', () => {
    expect(parseChannel(object(smallestSpec))).toMatchObject({ ok: true, value: { unknownFields: [], channel: { spec: smallestSpec } } })
    const parsed = parseChannel(object(smallestSpec))
    expect(Object.keys(parsed.ok ? parsed.value.channel.spec : {})).toEqual(Object.keys(smallestSpec))
  })

  it('returns the same channel when it reads its own result', () => {
    const channel = aChannel()
    expect(parseChannel(channel)).toEqual({ ok: true, value: { channel, unknownFields: [] } })
  })

  it('accepts a channel that leaves everything to its class', () => {
    expect(parseChannel(object({}))).toMatchObject({ ok: true, value: { channel: { spec: {} } } })
    expect(parseChannel(object(undefined))).toMatchObject({ ok: true, value: { channel: { spec: {} } } })
  })

  it('accepts an empty status, and keeps a full one', () => {
    const status = { observedGeneration: 3, topic: { name: 't', origin: 'Created' as const } }
    expect(parseChannel(object(smallestSpec, { status: {} }))).toMatchObject({ ok: true, value: { channel: { status: {} } } })
    expect(parseChannel(object(smallestSpec, { status }))).toMatchObject({ ok: true, value: { channel: { status } } })
  })

  it('names and drops fields that only a newer CRD has', () => {
    const parsed = parseChannel(object({ ...smallestSpec, mesh: {}, topic: { partitions: 1, tiered: true } }))
    expect(parsed).toMatchObject({ ok: true, value: { unknownFields: ['spec.mesh', 'spec.topic.tiered'] } })
    expect(parsed.ok && parsed.value.channel.spec.topic).toEqual({ partitions: 1 })
  })

  it("keeps objects of Kubernetes' own API and maps as they are", () => {
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } }
    const gateway = { replicas: 1, affinity, podLabels: { team: 'web' }, resources: { limits: { memory: '1Gi', cpu: 2 } } }
    expect(parseChannel(object({ ...smallestSpec, gateway }))).toMatchObject({
      ok: true,
      value: { unknownFields: [], channel: { spec: { gateway } } },
    })
  })

  it('reads a null as a field that is left out, as the API server does', () => {
    const parsed = parseChannel(object({ ...smallestSpec, topic: { partitions: null, name: null } }))
    expect(parsed.ok && parsed.value.channel.spec.topic).toEqual({})
  })

  it.each([
    [
      object({ ...smallestSpec, topic: { partitions: 'three' } }),
      { path: 'spec.topic.partitions', found: '"three"', expected: 'a whole number' },
    ],
    [object({ ...smallestSpec, topic: { partitions: 1.5 } }), { path: 'spec.topic.partitions', found: '1.5', expected: 'a whole number' }],
    [object({ ...smallestSpec, topic: [] }), { path: 'spec.topic', found: 'a list', expected: 'an object' }],
    [
      object({ ...smallestSpec, topic: { deletionPolicy: 'Archive' } }),
      { path: 'spec.topic.deletionPolicy', found: '"Archive"', expected: 'one of Retain, Delete' },
    ],
    [object({ ...smallestSpec, emit: { scopes: ['a', 7] } }), { path: 'spec.emit.scopes[1]', found: '7', expected: 'a string' }],
    [object({ ...smallestSpec, topic: { config: { 'a.b': 1 } } }), { path: 'spec.topic.config["a.b"]', found: '1', expected: 'a string' }],
    [
      object({ ...smallestSpec, replay: { maxBytes: true } }),
      { path: 'spec.replay.maxBytes', found: 'true', expected: 'a whole number or a string' },
    ],
    [
      object({ ...smallestSpec, kafka: { sasl: { mechanism: 'plain' } } }),
      { path: 'spec.kafka.sasl.secretRef', found: 'nothing', expected: 'an object' },
    ],
    [object(smallestSpec, { status: { conditions: 'none' } }), { path: 'status.conditions', found: '"none"', expected: 'a list' }],
    [
      object(smallestSpec, { status: { topic: { name: 't', origin: 'Imported' } } }),
      { path: 'status.topic.origin', found: '"Imported"', expected: 'one of Created, Adopted' },
    ],
    [
      object(smallestSpec, { apiVersion: 'carillon.dev/v1' }),
      { path: 'apiVersion', found: '"carillon.dev/v1"', expected: 'carillon.dev/v1alpha1' },
    ],
    [object(smallestSpec, { kind: 'Channel' }), { path: 'kind', found: '"Channel"', expected: 'RealtimeChannel' }],
    [object(smallestSpec, { metadata: {} }), { path: 'metadata.name', found: 'nothing', expected: 'a string' }],
    [null, { path: '', found: 'nothing', expected: 'an object' }],
    ['channel', { path: '', found: '"channel"', expected: 'an object' }],
  ])('names for %j the found value, the expected one, and the path', (given, problem) => {
    expect(problemOf(given)).toEqual(problem)
  })

  it('says that the releases differ, and what to do', () => {
    const parsed = parseChannel(object({ ...smallestSpec, topic: { partitions: 'three' } }))
    expect(parsed.ok ? '' : parsed.error.message).toBe(
      'spec.topic.partitions is "three"; this operator expects a whole number. The CustomResourceDefinition and this operator are of different releases. Upgrade the chart, so that both are of one release',
    )
  })
})
