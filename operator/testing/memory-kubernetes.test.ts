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
const names = (twin: MemoryKubernetes): readonly string[] => twin.objects(configMapType).map(({ metadata }) => metadata.name)
const ownedBy = (...owners: readonly KubernetesObject[]): { readonly ownerReferences: readonly OwnerReference[] } => ({
  ownerReferences: owners.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' })),
})

afterEach(() => void vi.useRealTimers())

describe('the twin of a server, counting writes', () => {
  it('tells writes that changed something from those that did not, and forgets dry runs', async () => {
    const twin = createMemoryKubernetes()
    await twin.apply(configMapType, configMap('a', { x: '1' }), mine)
    await twin.apply(configMapType, configMap('a', { x: '1' }), mine)
    await twin.apply(configMapType, configMap('a', { x: '2' }), { ...mine, isDryRun: true })
    await twin.delete(configMapType, ref('nobody'), {})
    expect(twin.writes()).toEqual([
      { verb: 'apply', type: 'configmaps', ref: ref('a'), subresource: undefined, hasChanged: true },
      { verb: 'apply', type: 'configmaps', ref: ref('a'), subresource: undefined, hasChanged: false },
      { verb: 'delete', type: 'configmaps', ref: ref('nobody'), subresource: undefined, hasChanged: false },
    ])
    twin.forgetWrites()
    await twin.get(configMapType, ref('a'))
    expect(twin.writes()).toEqual([])
    expect(twin.requests().map(({ verb }) => verb)).toEqual(['apply', 'apply', 'apply', 'delete', 'get'])
  })
})

describe('the twin of a server, collecting garbage', () => {
  it('deletes what all owners are gone of, and theirs, but not what has one left', async () => {
    const twin = createMemoryKubernetes()
    const [one, two] = [
      valueOf(await twin.create(configMapType, configMap('one'))),
      valueOf(await twin.create(configMapType, configMap('two'))),
    ]
    const child = valueOf(await twin.create(configMapType, configMap('child', {}, ownedBy(one))))
    await twin.create(configMapType, configMap('grandchild', {}, ownedBy(child)))
    await twin.create(configMapType, configMap('shared', {}, ownedBy(one, two)))
    await twin.create(configMapType, configMap('free'))
    await twin.delete(configMapType, ref('one'), { propagation: 'Background' })
    expect(names(twin)).toEqual(['free', 'shared', 'two'])
    await twin.delete(configMapType, ref('two'), { propagation: 'Orphan' })
    expect(names(twin)).toEqual(['free', 'shared'])
  })

  it('waits for finalizers, also in a namespace that is deleted', async () => {
    const twin = createMemoryKubernetes()
    const owner = valueOf(await twin.create(configMapType, configMap('owner', {}, { finalizers: ['bells.example/held'] })))
    await twin.create(configMapType, configMap('child', {}, ownedBy(owner)))
    await twin.create(configMapType, configMap('other'))
    twin.deleteNamespace('test')
    expect(names(twin)).toEqual(['owner'])
    await twin.mergePatch(configMapType, ref('owner'), { metadata: { finalizers: [] } })
    expect(names(twin)).toEqual([])
  })
})

describe('the twin of a server, in trouble', () => {
  it('fails the requests that were planned to fail, as often as planned', async () => {
    const twin = createMemoryKubernetes()
    twin.failNext({ verb: 'apply', type: 'configmaps', name: 'a' }, { kind: 'forbidden', message: 'quota' }, 2)
    expect(await twin.apply(configMapType, configMap('b'), mine)).toMatchObject({ ok: true })
    expect(await twin.apply(configMapType, configMap('a'), mine)).toEqual({
      ok: false,
      error: { kind: 'forbidden', code: 403, message: 'quota' },
    })
    expect(await twin.apply(configMapType, configMap('a'), mine)).toMatchObject({ ok: false })
    expect(await twin.apply(configMapType, configMap('a'), mine)).toMatchObject({ ok: true })
    twin.failNext({}, { kind: 'unavailable' })
    expect(await twin.list(configMapType, {})).toMatchObject({ error: { kind: 'unavailable', code: 503 } })
  })

  it('answers late when it is told to', async () => {
    vi.useFakeTimers()
    const twin = createMemoryKubernetes()
    twin.setLatency(1_000)
    const answered = vi.fn<() => void>()
    void twin.list(configMapType, {}).then(answered)
    await vi.advanceTimersByTimeAsync(999)
    expect(answered).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(answered).toHaveBeenCalledTimes(1)
  })

  it('leaves watches open and silent when it vanishes silently', async () => {
    const twin = createMemoryKubernetes()
    const aborted = new AbortController()
    const events: WatchEvent[] = []
    const watching = (async () => {
      for await (const event of twin.watch(configMapType, { resourceVersion: '100', timeoutSeconds: 600, signal: aborted.signal }))
        events.push(event)
    })()
    await twin.create(configMapType, configMap('a'))
    await vi.waitFor(() => expect(events).toHaveLength(1))
    twin.vanish('silently')
    expect(await twin.list(configMapType, {})).toMatchObject({ error: { kind: 'unavailable' } })
    twin.comeBack()
    await twin.create(configMapType, configMap('b'))
    twin.sendBookmarks()
    twin.endWatches()
    expect([twin.openWatches, events.length]).toEqual([1, 1])
    aborted.abort()
    await watching
    expect(twin.openWatches).toBe(0)
  })
})

describe('the twin of a server, keeping objects', () => {
  it('hands out copies, and takes them', async () => {
    const twin = createMemoryKubernetes()
    const data: Record<string, string> = { x: '1' }
    const made = valueOf(await twin.create(configMapType, configMap('a', data)))
    data['x'] = '2'
    ;(made['data'] as Record<string, string>)['x'] = '3' // our copy
    expect(valueOf(await twin.get(configMapType, ref('a')))['data']).toEqual({ x: '1' })
  })

  it('records changes of others in their name', async () => {
    const twin = createMemoryKubernetes({ now: () => 1_700_000_000_000 })
    valueOf(await twin.apply(deploymentType, deploymentOf('test'), mine))
    const scaled = valueOf(await twin.as('hpa').mergePatch(deploymentType, ref('web'), { spec: { replicas: 5 } }))
    expect(scaled.metadata).toMatchObject({ generation: 2, creationTimestamp: '2023-11-14T22:13:20Z' })
    expect(scaled.metadata.managedFields?.find(({ manager }) => manager === 'hpa')).toMatchObject({
      operation: 'Update',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    })
    expect(await twin.apply(deploymentType, deploymentOf('test'), { fieldManager: 'us', force: false })).toMatchObject({
      error: { kind: 'conflict', message: expect.stringContaining('hpa: .spec.replicas') },
    })
  })

  it('refuses to guess what a namespaced object without a namespace is', async () => {
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

  it('of fields know name and namespace, and refuse the others', () => {
    expect(matchesFields(object, 'metadata.name=x,metadata.namespace!=other')).toBe(true)
    expect(matchesFields(object, 'metadata.name=y')).toBe(false)
    expect(() => matchesFields(object, 'status.phase=Running')).toThrow('does not know')
    expect(() => matchesLabels(object, 'a > 1')).toThrow('does not know')
  })
})
