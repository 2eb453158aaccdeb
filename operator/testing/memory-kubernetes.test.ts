import { afterEach, describe, expect, it, vi } from 'vitest'
import type { KubernetesObject, OwnerReference } from '../../api/kubernetes.ts'
import type { WatchEvent } from '../runtime/kubernetes-api.ts'
import { configMapType, deploymentOf, deploymentType, valueOf } from './kubernetes-api-contract.ts'
import { createMemoryKubernetes, type MemoryKubernetes } from './memory-kubernetes.ts'
import { matchesFields, matchesLabels } from './memory-kubernetes-selectors.ts'

const mine = { fieldManager: 'us', force: true }
const ref = (name: string) => ({ namespace: 'test', name })
const configMap = (name: string, data: object = {}, metadata: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...ref(name), ...metadata },
  data,
})
const names = (server: MemoryKubernetes): readonly string[] => server.objects(configMapType).map(({ metadata }) => metadata.name)
const ownedBy = (...owners: readonly KubernetesObject[]): { readonly ownerReferences: readonly OwnerReference[] } => ({
  ownerReferences: owners.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' })),
})

afterEach(() => void vi.useRealTimers())

describe('the memory double of the API server, counting writes', () => {
  it('separates writes that changed something from those that did not, and ignores dry runs', async () => {
    const server = createMemoryKubernetes()
    await server.apply(configMapType, configMap('a', { x: '1' }), mine)
    await server.apply(configMapType, configMap('a', { x: '1' }), mine)
    await server.apply(configMapType, configMap('a', { x: '2' }), { ...mine, isDryRun: true })
    await server.delete(configMapType, ref('nobody'), {})
    expect(server.writes()).toEqual([
      { verb: 'apply', type: 'configmaps', ref: ref('a'), subresource: undefined, hasChanged: true },
      { verb: 'apply', type: 'configmaps', ref: ref('a'), subresource: undefined, hasChanged: false },
      { verb: 'delete', type: 'configmaps', ref: ref('nobody'), subresource: undefined, hasChanged: false },
    ])
    server.forgetWrites()
    await server.get(configMapType, ref('a'))
    expect(server.writes()).toEqual([])
    expect(server.requests().map(({ verb }) => verb)).toEqual(['apply', 'apply', 'apply', 'delete', 'get'])
  })
})

describe('the memory double of the API server, collecting garbage', () => {
  it('deletes objects whose owners are all gone, and their children, but no object with an owner left', async () => {
    const server = createMemoryKubernetes()
    const [one, two] = [
      valueOf(await server.create(configMapType, configMap('one'))),
      valueOf(await server.create(configMapType, configMap('two'))),
    ]
    const child = valueOf(await server.create(configMapType, configMap('child', {}, ownedBy(one))))
    await server.create(configMapType, configMap('grandchild', {}, ownedBy(child)))
    await server.create(configMapType, configMap('shared', {}, ownedBy(one, two)))
    await server.create(configMapType, configMap('free'))
    await server.delete(configMapType, ref('one'), { propagation: 'Background' })
    expect(names(server)).toEqual(['free', 'shared', 'two'])
    await server.delete(configMapType, ref('two'), { propagation: 'Orphan' })
    expect(names(server)).toEqual(['free', 'shared'])
  })

  it('waits for finalizers, also in a namespace that is deleted', async () => {
    const server = createMemoryKubernetes()
    const owner = valueOf(await server.create(configMapType, configMap('owner', {}, { finalizers: ['bells.example/held'] })))
    await server.create(configMapType, configMap('child', {}, ownedBy(owner)))
    await server.create(configMapType, configMap('other'))
    server.deleteNamespace('test')
    expect(names(server)).toEqual(['owner'])
    await server.mergePatch(configMapType, ref('owner'), { metadata: { finalizers: [] } })
    expect(names(server)).toEqual([])
  })
})

describe('the memory double of the API server, failing', () => {
  it('fails the requests that were planned to fail, as often as planned', async () => {
    const server = createMemoryKubernetes()
    server.failNext({ verb: 'apply', type: 'configmaps', name: 'a' }, { kind: 'forbidden', message: 'quota' }, 2)
    expect(await server.apply(configMapType, configMap('b'), mine)).toMatchObject({ ok: true })
    expect(await server.apply(configMapType, configMap('a'), mine)).toEqual({
      ok: false,
      error: { kind: 'forbidden', code: 403, message: 'quota' },
    })
    expect(await server.apply(configMapType, configMap('a'), mine)).toMatchObject({ ok: false })
    expect(await server.apply(configMapType, configMap('a'), mine)).toMatchObject({ ok: true })
    server.failNext({}, { kind: 'unavailable' })
    expect(await server.list(configMapType, {})).toMatchObject({ error: { kind: 'unavailable', code: 503 } })
  })

  it('responds late when a latency is set', async () => {
    vi.useFakeTimers()
    const server = createMemoryKubernetes()
    server.setLatency(1_000)
    const answered = vi.fn<() => void>()
    void server.list(configMapType, {}).then(answered)
    await vi.advanceTimersByTimeAsync(999)
    expect(answered).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(answered).toHaveBeenCalledTimes(1)
  })

  it('leaves watches open and silent when it vanishes silently', async () => {
    const server = createMemoryKubernetes()
    const aborted = new AbortController()
    const events: WatchEvent[] = []
    const watching = (async () => {
      for await (const event of server.watch(configMapType, { resourceVersion: '100', timeoutSeconds: 600, signal: aborted.signal }))
        events.push(event)
    })()
    await server.create(configMapType, configMap('a'))
    await vi.waitFor(() => expect(events).toHaveLength(1))
    server.vanish('silently')
    expect(await server.list(configMapType, {})).toMatchObject({ error: { kind: 'unavailable' } })
    server.comeBack()
    await server.create(configMapType, configMap('b'))
    server.sendBookmarks()
    server.endWatches()
    expect([server.openWatches, events.length]).toEqual([1, 1])
    aborted.abort()
    await watching
    expect(server.openWatches).toBe(0)
  })
})

describe('the memory double of the API server, storing objects', () => {
  it('stores and returns copies', async () => {
    const server = createMemoryKubernetes()
    const data: Record<string, string> = { x: '1' }
    const made = valueOf(await server.create(configMapType, configMap('a', data)))
    data['x'] = '2'
    ;(made['data'] as Record<string, string>)['x'] = '3' // our copy
    expect(valueOf(await server.get(configMapType, ref('a')))['data']).toEqual({ x: '1' })
  })

  it('records changes of other managers under their names', async () => {
    const server = createMemoryKubernetes({ now: () => 1_700_000_000_000 })
    valueOf(await server.apply(deploymentType, deploymentOf('test'), mine))
    const scaled = valueOf(await server.as('hpa').mergePatch(deploymentType, ref('web'), { spec: { replicas: 5 } }))
    expect(scaled.metadata).toMatchObject({ generation: 2, creationTimestamp: '2023-11-14T22:13:20Z' })
    expect(scaled.metadata.managedFields?.find(({ manager }) => manager === 'hpa')).toMatchObject({
      operation: 'Update',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    })
    expect(await server.apply(deploymentType, deploymentOf('test'), { fieldManager: 'us', force: false })).toMatchObject({
      error: { kind: 'conflict', message: expect.stringContaining('hpa: .spec.replicas') },
    })
  })

  it('throws for a namespaced object without a namespace', async () => {
    await expect(
      createMemoryKubernetes().create(configMapType, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }),
    ).rejects.toThrow('has no namespace')
  })
})

describe('selectors', () => {
  const object = configMap('x', {}, { labels: { a: '1', b: '2' } })

  it.each([
    [undefined, true],
    ['', true],
    ['a=1', true],
    ['a==1,b=2', true],
    ['a=1,b=3', false],
    ['a!=1', false],
    ['c!=1', true],
    ['a', true],
    ['c', false],
    ['!c', true],
    ['!a', false],
    ['a in (0, 1),b', true],
    ['c in (1)', false],
    ['a notin (1,2)', false],
    ['c notin (1)', true],
  ])('of labels: %s', (selector, expected) => expect(matchesLabels(object, selector)).toBe(expected))

  it('of fields support name and namespace, and refuse others', () => {
    expect(matchesFields(object, 'metadata.name=x,metadata.namespace!=other')).toBe(true)
    expect(matchesFields(object, 'metadata.name=y')).toBe(false)
    expect(() => matchesFields(object, 'status.phase=Running')).toThrow('does not support')
    expect(() => matchesLabels(object, 'a > 1')).toThrow('does not support')
  })
})
