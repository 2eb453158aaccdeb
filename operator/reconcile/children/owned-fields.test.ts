import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configMapType, deploymentOf, deploymentType, valueOf } from '../../testing/kubernetes-api-contract.ts'
import { createMemoryKubernetes } from '../../testing/memory-kubernetes.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { fieldsOf, lostFields, ownsAllFields, takersOf } from './owned-fields.ts'

const ref = { namespace: 'test', name: 'x' }
const object = (rest: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { ...ref, ...metadata },
  ...rest,
})

describe('owning all fields of an object', () => {
  it('counts a leaf as all that is below it', () => {
    expect(
      ownsAllFields(object({ spec: { selector: { a: { b: 1 } }, list: [1, 2] } }), { 'f:spec': { 'f:selector': {}, 'f:list': {} } }),
    ).toBe(true)
    expect(ownsAllFields(object({ spec: { selector: { a: 'b' } } }), { 'f:spec': {} })).toBe(true)
  })

  it('misses a field of a map, at any depth', () => {
    const fields = { 'f:metadata': { 'f:labels': { 'f:app': {} } }, 'f:spec': { 'f:a': {}, 'f:b': { 'f:c': {} } } }
    expect(ownsAllFields(object({ spec: { a: 1, b: { c: 2 } } }, { labels: { app: 'x' } }), fields)).toBe(true)
    expect(ownsAllFields(object({ spec: { a: 1, b: { c: 2, d: 3 } } }), fields)).toBe(false)
    expect(ownsAllFields(object({ spec: { a: 1 } }, { labels: { app: 'x', tier: 'y' } }), fields)).toBe(false)
    expect(ownsAllFields(object({}, { annotations: { x: 'y' } }), fields)).toBe(false)
    expect(ownsAllFields(object({ data: { x: 'y' } }), fields)).toBe(false)
  })

  it('finds items by their keys, with any value for a key that is left to its default', () => {
    const list = (fields: object): object => ({ 'f:spec': { 'f:ports': fields } })
    const tcp = { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:name': {} } }
    const owns = (ports: readonly object[], fields: object): boolean =>
      ownsAllFields(object({ spec: { ports } }), list(fields) as Record<string, unknown>) // a plain object
    expect(owns([{ port: 80, name: 'http' }], tcp)).toBe(true)
    expect(owns([{ port: 81, name: 'http' }], tcp)).toBe(false)
    expect(owns([{ port: 80, protocol: 'UDP' }], tcp)).toBe(false)
    expect(owns([{ port: 80, targetPort: 8000 }], tcp)).toBe(false)
    const both = { ...tcp, 'k:{"port":80,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {}, 'f:targetPort': {} } }
    expect(
      owns(
        [
          { port: 80, protocol: 'UDP', targetPort: 8000 },
          { port: 80, protocol: 'TCP', name: 'x' },
        ],
        both,
      ),
    ).toBe(false)
    expect(
      owns(
        [
          { port: 80, protocol: 'UDP', targetPort: 8000 },
          { port: 80, name: 'x' },
        ],
        both,
      ),
    ).toBe(true)
  })

  it('finds the items of a set by their values', () => {
    const fields = { 'f:metadata': { 'f:finalizers': { '.': {}, 'v:"a"': {}, 'v:"b\\"c"': {} } } }
    expect(ownsAllFields(object({}, { finalizers: ['a', 'b"c'] }), fields)).toBe(true)
    expect(ownsAllFields(object({}, { finalizers: ['a', 'c'] }), fields)).toBe(false)
  })

  it('requires no field that names the object, or that is empty', () => {
    expect(ownsAllFields(object({ spec: {} }), {})).toBe(false)
    expect(ownsAllFields(object({ spec: null, list: [] }, { labels: undefined, managedFields: [] }), {})).toBe(true)
  })

  it('does not own what was never applied', () => {
    expect(ownsAllFields(object({}), undefined)).toBe(false)
  })
})

describe('the fields that were lost', () => {
  const container = {
    'k:{"name":"gateway"}': { '.': {}, 'f:name': {}, 'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } } },
  }
  const fields = {
    'f:metadata': { 'f:labels': { 'f:team': {} }, 'f:finalizers': { 'v:"a"': {} } },
    'f:spec': { 'f:replicas': {}, 'f:template': { 'f:spec': { 'f:containers': container } } },
  }
  const wanted = (spec: object, metadata: object = {}): readonly string[] => lostFields(object({ spec }, metadata), fields)

  it('are named as people write them, each by its outermost part', () => {
    const containers = [
      {
        name: 'gateway',
        image: 'x',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      },
      { name: 'sidecar', image: 'y' },
    ]
    expect(
      wanted(
        { replicas: 2, paused: true, template: { spec: { containers } } },
        { labels: { team: 'x', 'app.kubernetes.io/name': 'y' }, finalizers: ['a', 'b'] },
      ),
    ).toEqual([
      'metadata.labels[app.kubernetes.io/name]',
      'metadata.finalizers[b]',
      'spec.paused',
      'spec.template.spec.containers[gateway].image',
      'spec.template.spec.containers[gateway].env[B]',
      'spec.template.spec.containers[sidecar]',
    ])
    expect(wanted({ replicas: 2, template: { spec: { containers: [{ name: 'gateway', env: [{ name: 'A', value: '1' }] }] } } })).toEqual([])
    expect(lostFields(object({}), undefined)).toEqual(['all fields'])
  })

  it('have a named owner, with the subresource by which they were taken', () => {
    const entry = (manager: string, fieldsV1: Readonly<Record<string, unknown>>, subresource?: string) => ({
      manager,
      operation: 'Update' as const,
      fieldsV1,
      ...(subresource === undefined ? {} : { subresource }),
    })
    const live: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Thing',
      metadata: {
        ...ref,
        managedFields: [
          entry('us', { 'f:spec': { 'f:replicas': {} } }),
          entry('hpa', { 'f:spec': { 'f:replicas': {} } }, 'scale'),
          entry('policy', { 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': {} } } } }),
          entry('kubelet', { 'f:status': {} }, 'status'),
        ],
      },
    }
    expect(takersOf(live, ['spec.replicas'], 'us')).toEqual(['hpa by the subresource scale'])
    expect(takersOf(live, ['spec.template.spec.containers[gateway].image', 'metadata.labels[a.b/c]'], 'us')).toEqual(['policy'])
    expect(takersOf(live, ['all fields'], 'us')).toEqual([])
  })
})

describe('finding the fields of a manager', () => {
  const entry = (manager: string, operation: 'Apply' | 'Update', subresource?: string) => ({
    manager,
    operation,
    fieldsV1: { 'f:spec': {} },
    ...(subresource === undefined ? {} : { subresource }),
  })
  const managed = (...managedFields: readonly ReturnType<typeof entry>[]): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { ...ref, managedFields },
  })

  it('takes what it applied, not what it updated or applied to the status', () => {
    expect(fieldsOf(managed(entry('us', 'Update'), entry('us', 'Apply', 'status'), entry('them', 'Apply')), 'us')).toBe(null)
    expect(fieldsOf(managed(entry('us', 'Update'), entry('us', 'Apply')), 'us')).toEqual({ 'f:spec': {} })
    expect(fieldsOf({ apiVersion: 'v1', kind: 'Thing', metadata: ref }, 'us')).toBe(null)
  })
})

describe('an object that was applied', () => {
  const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2', '3'), { minKeys: 1 })
  const configMap = (values: object): KubernetesObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: ref, data: values })

  it('is owned exactly until another client changes or removes one of its fields', async () => {
    await fc.assert(
      fc.asyncProperty(
        data,
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2', '3', null)),
        async (ours, theirs) => {
          const api = createMemoryKubernetes()
          const applied = valueOf(await api.apply(configMapType, configMap(ours), { fieldManager: 'us', force: true }))
          expect(ownsAllFields(configMap(ours), fieldsOf(applied, 'us') ?? {})).toBe(true)
          const edited = valueOf(await api.mergePatch(configMapType, ref, { data: theirs }))
          const isOther = Object.entries(theirs).some(([key, value]) => ours[key] !== undefined && ours[key] !== value)
          expect(ownsAllFields(configMap(ours), fieldsOf(edited, 'us') ?? {})).toBe(!isOther)
          const healed = valueOf(await api.apply(configMapType, configMap(ours), { fieldManager: 'us', force: true }))
          expect(ownsAllFields(configMap(ours), fieldsOf(healed, 'us') ?? {})).toBe(true)
        },
      ),
    )
  })

  it('is owned also when another client adds an item to one of its lists', async () => {
    const api = createMemoryKubernetes()
    const ours = deploymentOf('test', [{ name: 'A', value: '1' }])
    valueOf(await api.apply(deploymentType, ours, { fieldManager: 'us', force: true }))
    const shared = valueOf(
      await api.apply(deploymentType, deploymentOf('test', [{ name: 'B', value: '2' }]), { fieldManager: 'them', force: true }),
    )
    expect(ownsAllFields(ours, fieldsOf(shared, 'us') ?? {})).toBe(true)
    const edited = valueOf(
      await api.apply(deploymentType, deploymentOf('test', [{ name: 'A', value: '2' }]), { fieldManager: 'them', force: true }),
    )
    expect(ownsAllFields(ours, fieldsOf(edited, 'us') ?? {})).toBe(false)
  })
})
