import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Result } from '../../program/result.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import type { ApiError, ApplyOptions, KubernetesApi, WatchEvent } from '../runtime/kubernetes-api.ts'

/** A server, and what a test does to it from outside. */
export interface ServerUnderTest {
  readonly api: KubernetesApi
  /** Makes all resource versions and continue tokens so far `gone`. */
  forgetHistory(): Promise<void>
  vanish(): Promise<void>
  comeBack(): Promise<void>
  stop(): Promise<void>
}

export const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }
export const configMapType: ResourceType = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', isNamespaced: true }
export const deploymentType: ResourceType = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', isNamespaced: true }
export const networkPolicyType: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  isNamespaced: true,
}
export const unknownType: ResourceType = { group: 'bells.example', version: 'v1', plural: 'bells', kind: 'Bell', isNamespaced: true }

/** Returns the value. @throws when the call failed: such tests expect no failure */
export function valueOf<T>(result: Result<T, ApiError>): T {
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.message}`)
  return result.value
}

/**
 * The contract of `operator/runtime/kubernetes-api.ts`, for any implementation. Each test has its own namespace.
 * @param makeServer called once, with the names of the namespaces that must exist
 */
export function describeKubernetesApi(name: string, makeServer: (namespaces: readonly string[]) => Promise<ServerUnderTest>): void {
  describe(`${name}, as a Kubernetes API`, () => {
    const namespaces = Array.from({ length: 32 }, (_, index) => `test-${index}`)
    let server: ServerUnderTest
    let api: KubernetesApi
    let namespace = ''
    let used = 0

    beforeAll(async () => {
      server = await makeServer(namespaces)
      api = server.api
    })
    afterAll(() => server.stop())
    beforeEach(() => {
      namespace = namespaces[used] ?? 'more tests than namespaces'
      used += 1
    })

    const ref = (called: string): ObjectRef => ({ namespace, name: called })
    const configMap = (
      called: string,
      data: Readonly<Record<string, string>> = {},
      metadata: Partial<KubernetesObject['metadata']> = {},
    ): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: called, namespace, ...metadata },
      data,
    })
    const mine: ApplyOptions = { fieldManager: 'carillon', force: false }
    const versionOf = (object: KubernetesObject): string => object.metadata.resourceVersion ?? 'none'

    describe('reading', () => {
      it('returns which groups of resources exist', async () => {
        expect([await api.servesGroup('apps'), await api.servesGroup('bells.example')]).toEqual([
          { ok: true, value: true },
          { ok: true, value: false },
        ])
      })

      it('distinguishes a missing object from a missing type', async () => {
        expect(await api.get(configMapType, ref('nobody'))).toMatchObject({
          error: { kind: 'not-found', code: 404, message: expect.stringContaining('nobody') },
        })
        expect(await api.get(unknownType, ref('nobody'))).toMatchObject({ error: { kind: 'no-such-resource', code: 404 } })
        expect(await api.list(unknownType, {})).toMatchObject({ error: { kind: 'no-such-resource' } })
        expect(await api.apply(unknownType, { apiVersion: 'bells.example/v1', kind: 'Bell', metadata: ref('x') }, mine)).toMatchObject({
          error: { kind: 'no-such-resource' },
        })
      })

      it('lists in pages of one consistent state', async () => {
        for (const called of ['a', 'b', 'c', 'd', 'e']) valueOf(await api.create(configMapType, configMap(called)))
        const first = valueOf(await api.list(configMapType, { namespace, limit: 2 }))
        valueOf(await api.create(configMapType, configMap('late')))
        const second = valueOf(await api.list(configMapType, { namespace, limit: 2, continueToken: first.continueToken ?? '' }))
        const third = valueOf(await api.list(configMapType, { namespace, limit: 2, continueToken: second.continueToken ?? '' }))
        const names = [first, second, third].map(({ items }) => items.map(({ metadata }) => metadata.name))
        expect(names).toEqual([['a', 'b'], ['c', 'd'], ['e']])
        expect(third.continueToken).toBe(null)
        expect([second.resourceVersion, third.resourceVersion]).toEqual([first.resourceVersion, first.resourceVersion])
        expect(first.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' })
      })

      it('selects by labels and by name', async () => {
        valueOf(await api.create(configMapType, configMap('red', {}, { labels: { color: 'red' } })))
        valueOf(await api.create(configMapType, configMap('blue', {}, { labels: { color: 'blue' } })))
        const selected = async (options: object): Promise<readonly string[]> =>
          valueOf(await api.list(configMapType, { namespace, ...options })).items.map(({ metadata }) => metadata.name)
        expect(await selected({ labelSelector: 'color=red' })).toEqual(['red'])
        expect(await selected({ labelSelector: 'color in (red,blue),color!=red' })).toEqual(['blue'])
        expect(await selected({ labelSelector: '!color' })).toEqual([])
        expect(await selected({ fieldSelector: 'metadata.name=blue' })).toEqual(['blue'])
      })
    })

    describe('writing', () => {
      it('creates an object once, with a uid', async () => {
        const made = valueOf(await api.create(configMapType, configMap('one', { a: '1' })))
        expect(made.metadata).toMatchObject({
          uid: expect.stringMatching(/./),
          resourceVersion: expect.stringMatching(/^\d+$/),
          creationTimestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        })
        expect(await api.create(configMapType, configMap('one'))).toMatchObject({ error: { kind: 'already-exists', code: 409 } })
        expect(valueOf(await api.get(configMapType, ref('one')))).toEqual(made)
      })

      it('replaces only the given version', async () => {
        const made = valueOf(await api.create(configMapType, configMap('one', { a: '1' })))
        const next = valueOf(await api.update(configMapType, { ...made, data: { b: '2' } }))
        expect(next['data']).toEqual({ b: '2' })
        expect(await api.update(configMapType, { ...made, data: { c: '3' } })).toMatchObject({ error: { kind: 'conflict', code: 409 } })
        expect(await api.update(configMapType, { ...next, metadata: { ...next.metadata, name: 'other' } })).toMatchObject({
          error: { kind: 'not-found' },
        })
      })

      it('merges a patch, and removes fields that are null', async () => {
        const made = valueOf(await api.create(configMapType, configMap('one', { a: '1', b: '2' })))
        const next = valueOf(
          await api.mergePatch(configMapType, ref('one'), { data: { a: null, c: '3' }, metadata: { annotations: { x: 'y' } } }),
        )
        expect(next).toMatchObject({ data: { b: '2', c: '3' }, metadata: { annotations: { x: 'y' } } })
        const stale = { metadata: { resourceVersion: versionOf(made) }, data: { d: '4' } }
        expect(await api.mergePatch(configMapType, ref('one'), stale)).toMatchObject({ error: { kind: 'conflict' } })
        expect(await api.mergePatch(configMapType, ref('two'), { data: {} })).toMatchObject({ error: { kind: 'not-found' } })
      })

      it('deletes an object once, and only the one with the given uid', async () => {
        const made = valueOf(await api.create(configMapType, configMap('one')))
        expect(await api.delete(configMapType, ref('one'), { uid: '00000000-dead-4000-8000-000000000000' })).toMatchObject({
          error: { kind: 'conflict' },
        })
        expect(await api.delete(configMapType, ref('one'), { isDryRun: true })).toEqual({ ok: true, value: undefined })
        expect(await api.delete(configMapType, ref('one'), { uid: made.metadata.uid ?? '', propagation: 'Background' })).toEqual({
          ok: true,
          value: undefined,
        })
        expect(await api.delete(configMapType, ref('one'), {})).toMatchObject({ error: { kind: 'not-found' } })
      })

      it('keeps an object with a finalizer until the finalizer is removed', async () => {
        valueOf(await api.create(configMapType, configMap('held', {}, { finalizers: ['bells.example/held'] })))
        valueOf(await api.delete(configMapType, ref('held'), {}))
        expect(valueOf(await api.get(configMapType, ref('held'))).metadata.deletionTimestamp).toMatch(/Z$/)
        valueOf(await api.mergePatch(configMapType, ref('held'), { metadata: { finalizers: null } }))
        expect(await api.get(configMapType, ref('held'))).toMatchObject({ error: { kind: 'not-found' } })
      })

      it('counts generations of the spec, and keeps the status apart', async () => {
        const deployment = deploymentOf(namespace)
        const made = valueOf(await api.apply(deploymentType, { ...deployment, status: { replicas: 7 } }, mine))
        expect(made.metadata.generation).toBe(1)
        expect(made['status'] ?? {}).not.toHaveProperty('replicas')
        const reported = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: ref('web'), status: { replicas: 2 }, spec: { replicas: 9 } }
        const answered = valueOf(await api.apply(deploymentType, reported, { ...mine, subresource: 'status' }))
        expect(answered).toMatchObject({ metadata: { generation: 1 }, spec: { replicas: 2 }, status: { replicas: 2 } })
        const labelled = valueOf(await api.mergePatch(deploymentType, ref('web'), { metadata: { labels: { x: 'y' } } }))
        expect(labelled.metadata.generation).toBe(1)
        const scaled = valueOf(await api.mergePatch(deploymentType, ref('web'), { spec: { replicas: 3 }, status: { replicas: 9 } }))
        expect(scaled).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 }, status: { replicas: 2 } })
      })
    })

    describe('server-side apply', () => {
      it('creates an object, and changes nothing when it is applied again', async () => {
        const first = valueOf(await api.apply(deploymentType, deploymentOf(namespace), mine))
        const again = valueOf(await api.apply(deploymentType, deploymentOf(namespace), mine))
        expect(versionOf(again)).toBe(versionOf(first))
      })

      it('keeps fields with names from JavaScript: without `from` a NetworkPolicy would be open to all', async () => {
        const ingress = [{ from: [{ podSelector: { matchLabels: { a: 'b' } } }], ports: [{ port: 8000 }] }]
        const policy = {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: ref('closed'),
          spec: { podSelector: {}, ingress },
        }
        valueOf(await api.apply(networkPolicyType, policy, mine))
        expect(valueOf(await api.get(networkPolicyType, ref('closed')))).toMatchObject({
          spec: { ingress: [{ from: [{ podSelector: { matchLabels: { a: 'b' } } }] }] },
        })
      })

      it('removes fields that are no longer applied, and leaves the fields of others', async () => {
        valueOf(await api.apply(configMapType, configMap('shared', { a: '1', b: '2' }, { labels: { l: 'mine' } }), mine))
        valueOf(await api.mergePatch(configMapType, ref('shared'), { data: { c: '3' }, metadata: { labels: { other: 'x' } } }))
        const next = valueOf(await api.apply(configMapType, configMap('shared', { a: '1' }), mine))
        expect(next['data']).toEqual({ a: '1', c: '3' })
        expect(next.metadata.labels).toEqual({ other: 'x' })
      })

      it('merges lists that have keys: an item of another manager stays, one of ours goes', async () => {
        const twoVariables = deploymentOf(namespace, [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ])
        valueOf(await api.apply(deploymentType, twoVariables, mine))
        valueOf(
          await api.apply(deploymentType, deploymentOf(namespace, [{ name: 'C', value: '3' }]), { fieldManager: 'other', force: false }),
        )
        const next = valueOf(await api.apply(deploymentType, deploymentOf(namespace, [{ name: 'B', value: '2' }]), mine))
        expect(
          envOf(next)
            .map(({ name: variable }) => variable)
            .toSorted(),
        ).toEqual(['B', 'C'])
      })

      it('removes a whole item that no manager applies any more', async () => {
        valueOf(
          await api.apply(
            deploymentType,
            deploymentOf(namespace, [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ]),
            mine,
          ),
        )
        const next = valueOf(await api.apply(deploymentType, deploymentOf(namespace, [{ name: 'B', value: '2' }]), mine))
        expect(envOf(next)).toEqual([{ name: 'B', value: '2' }])
      })

      it('conflicts over a field that another manager changed, and takes it with force', async () => {
        valueOf(await api.apply(configMapType, configMap('shared', { a: '1' }), mine))
        valueOf(await api.mergePatch(configMapType, ref('shared'), { data: { a: 'theirs' } }))
        expect(await api.apply(configMapType, configMap('shared', { a: '1' }), mine)).toMatchObject({
          error: { kind: 'conflict', message: expect.stringContaining('.data.a') },
        })
        expect(valueOf(await api.apply(configMapType, configMap('shared', { a: '1' }), { ...mine, force: true }))['data']).toEqual({
          a: '1',
        })
        expect(await api.apply(configMapType, configMap('shared', { a: '2' }), mine)).toMatchObject({ ok: true })
      })

      it('shares a field that two managers apply with one value, until one of them drops it', async () => {
        valueOf(await api.apply(configMapType, configMap('shared', { a: '1', b: '2' }), mine))
        valueOf(await api.apply(configMapType, configMap('shared', { a: '1' }), { fieldManager: 'other', force: false }))
        expect(valueOf(await api.apply(configMapType, configMap('shared', {}), mine))['data']).toEqual({ a: '1' })
      })

      it('lists the owners of fields in managedFields', async () => {
        valueOf(await api.apply(configMapType, configMap('shared', { a: '1', b: '2' }), mine))
        const changed = valueOf(await api.mergePatch(configMapType, ref('shared'), { data: { b: 'theirs' } }))
        const entry = (operation: string): unknown => changed.metadata.managedFields?.find((each) => each.operation === operation)
        expect(entry('Apply')).toMatchObject({ manager: 'carillon', fieldsV1: { 'f:data': { 'f:a': {} } } })
        expect(entry('Apply')).not.toMatchObject({ fieldsV1: { 'f:data': { 'f:b': {} } } })
        expect(entry('Update')).toMatchObject({ manager: 'carillon-operator', fieldsV1: { 'f:data': { 'f:b': {} } } })
      })

      it('returns the result without storing it in a dry run', async () => {
        expect(valueOf(await api.apply(configMapType, configMap('dry', { a: '1' }), { ...mine, isDryRun: true }))['data']).toEqual({
          a: '1',
        })
        expect(await api.get(configMapType, ref('dry'))).toMatchObject({ error: { kind: 'not-found' } })
      })

      it('refuses an object with managedFields, or with another version or uid', async () => {
        const made = valueOf(await api.apply(configMapType, configMap('one', { a: '1' }), mine))
        valueOf(await api.mergePatch(configMapType, ref('one'), { data: { x: 'y' } }))
        expect(await api.apply(configMapType, made, mine)).toMatchObject({ error: { kind: 'invalid' } })
        expect(await api.apply(configMapType, configMap('one', {}, { resourceVersion: versionOf(made) }), mine)).toMatchObject({
          error: { kind: 'conflict' },
        })
        const uid = '00000000-dead-4000-8000-000000000000'
        expect(await api.apply(configMapType, configMap('one', {}, { uid }), mine)).toMatchObject({ error: { kind: 'invalid' } })
        expect(await api.apply(configMapType, configMap('two', {}, { uid }), mine)).toMatchObject({ error: { kind: 'conflict' } })
      })
    })

    describe('watching', () => {
      /** Watches until `isEnough`, or until the server ends the watch. */
      async function watch(
        resourceVersion: string,
        isEnough: (events: readonly WatchEvent[]) => boolean,
        more: object = {},
      ): Promise<readonly WatchEvent[]> {
        const aborted = new AbortController()
        const events: WatchEvent[] = []
        for await (const event of api.watch(configMapType, {
          namespace,
          resourceVersion,
          timeoutSeconds: 30,
          signal: aborted.signal,
          ...more,
        })) {
          events.push(event)
          if (isEnough(events)) aborted.abort()
        }
        return events
      }
      const reported = (events: readonly WatchEvent[]): readonly string[] =>
        events.flatMap((event) => ('object' in event ? [`${event.type} ${event.object.metadata.name}`] : []))

      it('sends all changes after a version, in order', async () => {
        const { resourceVersion } = valueOf(await api.list(configMapType, { namespace }))
        valueOf(await api.create(configMapType, configMap('a')))
        valueOf(await api.mergePatch(configMapType, ref('a'), { data: { x: 'y' } }))
        const watching = watch(resourceVersion, (events) => reported(events).length === 4)
        valueOf(await api.create(configMapType, configMap('b')))
        valueOf(await api.delete(configMapType, ref('a'), {}))
        const events = await watching
        expect(reported(events)).toEqual(['ADDED a', 'MODIFIED a', 'ADDED b', 'DELETED a'])
        const versions = events.flatMap((event) => ('object' in event ? [Number(event.object.metadata.resourceVersion)] : []))
        expect(versions).toEqual(versions.toSorted((a, b) => a - b))
      })

      it('sends an object that ceases to match as deleted', async () => {
        const { resourceVersion } = valueOf(await api.list(configMapType, { namespace }))
        const watching = watch(resourceVersion, (events) => reported(events).length === 3, { labelSelector: 'seen=yes' })
        valueOf(await api.create(configMapType, configMap('a', {}, { labels: { seen: 'yes' } })))
        valueOf(await api.create(configMapType, configMap('b')))
        valueOf(await api.mergePatch(configMapType, ref('a'), { metadata: { labels: { seen: 'no' } } }))
        valueOf(await api.mergePatch(configMapType, ref('b'), { metadata: { labels: { seen: 'yes' } } }))
        expect(reported(await watching)).toEqual(['ADDED a', 'DELETED a', 'ADDED b'])
      })

      it('ends in order when its time is over', async () => {
        const { resourceVersion } = valueOf(await api.list(configMapType, { namespace }))
        const events = await watch(resourceVersion, () => false, { timeoutSeconds: 1 })
        expect(events.filter(({ type }) => type !== 'BOOKMARK')).toEqual([])
      })

      it('ends at once when it is aborted, before and after it has started', async () => {
        const { resourceVersion } = valueOf(await api.list(configMapType, { namespace }))
        expect(await watch(resourceVersion, () => false, { signal: AbortSignal.abort() })).toEqual([])
        const aborted = new AbortController()
        const watching = watch(resourceVersion, () => false, { signal: aborted.signal })
        setImmediate(() => aborted.abort())
        expect(await watching).toEqual([])
      })

      it('fails for a missing type', async () => {
        const events = api.watch(unknownType, { resourceVersion: '1', timeoutSeconds: 5, signal: new AbortController().signal })
        expect(await Array.fromAsync(events)).toMatchObject([{ type: 'ERROR', error: { kind: 'no-such-resource' } }])
      })

      it('fails with gone for a version that is too old to watch or list from', async () => {
        for (const called of ['a', 'b', 'c']) valueOf(await api.create(configMapType, configMap(called)))
        const { continueToken, resourceVersion } = valueOf(await api.list(configMapType, { namespace, limit: 1 }))
        valueOf(await api.create(configMapType, configMap('d')))
        await server.forgetHistory()
        expect(await api.list(configMapType, { namespace, limit: 1, continueToken: continueToken ?? '' })).toMatchObject({
          error: { kind: 'gone', code: 410 },
        })
        expect(await watch(resourceVersion, () => false)).toMatchObject([{ type: 'ERROR', error: { kind: 'gone', code: 410 } }])
      })
    })

    it('is unavailable while the server is away, breaks its watches, and recovers with the server', async () => {
      const { resourceVersion } = valueOf(await api.list(configMapType, { namespace }))
      const aborted = new AbortController()
      const watching = Array.fromAsync(api.watch(configMapType, { namespace, resourceVersion, timeoutSeconds: 60, signal: aborted.signal }))
      valueOf(await api.get(namespaceType, { namespace: '', name: namespace }))
      await server.vanish()
      expect((await watching).at(-1)).toMatchObject({ type: 'ERROR', error: { kind: 'unavailable' } })
      expect(await api.list(configMapType, { namespace })).toMatchObject({ error: { kind: 'unavailable', code: 0 } })
      expect(await api.create(configMapType, configMap('a'))).toMatchObject({ error: { kind: 'unavailable' } })
      await server.comeBack()
      expect(await api.create(configMapType, configMap('a'))).toMatchObject({ ok: true })
    })
  })
}

/** A Deployment with two replicas of one container with these variables. */
export function deploymentOf(namespace: string, env: readonly { readonly name: string; readonly value: string }[] = []): KubernetesObject {
  const container = { name: 'main', image: 'example/web:1', env, ports: [{ name: 'http', containerPort: 8000 }] }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace, labels: { app: 'web' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
    },
  }
}

function envOf(deployment: KubernetesObject): readonly { readonly name: string }[] {
  const { spec } = deployment as unknown as { spec: { template: { spec: { containers: { env?: { name: string }[] }[] } } } } // made by deploymentOf
  return spec.template.spec.containers[0]?.env ?? []
}
