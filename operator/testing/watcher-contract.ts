import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { KubernetesObject, ObjectRef } from '../../api/kubernetes.ts'
import type { KubernetesApi } from '../runtime/kubernetes-api.ts'
import type { ListWatchOptions } from '../runtime/list-watch.ts'
import type { Watcher, WatchTarget } from '../runtime/watcher.ts'
import { configMapType, unknownType, valueOf } from './kubernetes-api-contract.ts'
import { createWatchRecorder, type WatchRecorder } from './watcher-contract-recorder.ts'

/** A server with watches on it, and what a test does to it from outside. */
export interface WatchedServer {
  readonly api: KubernetesApi
  watcher(target: WatchTarget, options: Partial<ListWatchOptions>): Watcher
  /** Makes the resource versions of up to now `gone`, and ends the watches. */
  forgetHistory(): Promise<void>
  vanish(): Promise<void>
  comeBack(): Promise<void>
  /** The server knows `unknownType` from now on. */
  installType(): Promise<void>
  stop(): Promise<void>
}

const waiting = { timeout: 20_000, interval: 10 }
const impatient = { minBackOffMs: 20, maxBackOffMs: 200, missingTypeMs: 100 }

/**
 * What `operator/runtime/watcher.ts` promises, for any implementation of it on any server.
 * @param makeServer called once, with the names of the namespaces that must be there
 */
export function describeWatcher(name: string, makeServer: (namespaces: readonly string[]) => Promise<WatchedServer>): void {
  describe(`${name}, as a watcher`, () => {
    const namespaces = Array.from({ length: 16 }, (_, index) => `watched-${index}`)
    let server: WatchedServer
    let namespace = ''
    let used = 0
    let watchers: Watcher[] = []

    beforeAll(async () => {
      server = await makeServer(namespaces)
    })
    afterAll(() => server.stop())
    beforeEach(() => {
      namespace = namespaces[used] ?? 'more tests than namespaces'
      used += 1
    })
    afterEach(async () => {
      await Promise.all(watchers.map((watcher) => watcher.stop()))
      watchers = []
    })

    const ref = (called: string): ObjectRef => ({ namespace, name: called })
    const put = async (
      called: string,
      data: Readonly<Record<string, string>> = {},
      labels: Readonly<Record<string, string>> = {},
    ): Promise<KubernetesObject> => {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...ref(called), labels }, data }
      return valueOf(await server.api.apply(configMapType, object, { fieldManager: 'test', force: true }))
    }
    const remove = async (called: string): Promise<void> => valueOf(await server.api.delete(configMapType, ref(called), {}))

    async function watch(
      target: Partial<WatchTarget> = {},
      options: Partial<ListWatchOptions> = {},
    ): Promise<{ watcher: Watcher; recorder: WatchRecorder }> {
      const watcher = server.watcher({ type: configMapType, namespace, ...target }, { ...impatient, ...options })
      watchers.push(watcher)
      const recorder = createWatchRecorder()
      watcher.start(recorder.handlers)
      await watcher.synced
      expect(watcher.state().hasSynced).toBe(true)
      return { watcher, recorder }
    }
    const expectTold = (recorder: WatchRecorder, told: readonly string[]): Promise<void> =>
      vi.waitFor(() => expect(recorder.told).toEqual(told), waiting)

    it('tells of all that is there, page by page, before it counts as synced', async () => {
      for (const called of ['a', 'b', 'c', 'd', 'e']) await put(called)
      const { watcher, recorder } = await watch({}, { pageSize: 2 })
      expect(recorder.told).toEqual(['+a', '+b', '+c', '+d', '+e'])
      expect(watcher.state()).toMatchObject({ hasSynced: true, relists: 1, isTypeMissing: false, lastHeardAtMs: expect.any(Number) })
    })

    it('tells of what changes, once', async () => {
      await put('a')
      const { recorder } = await watch()
      await put('a', { x: '1' })
      await put('a', { x: '1' })
      await put('b')
      await remove('a')
      await expectTold(recorder, ['+a', '+a', '+b', '-a'])
      expect(recorder.objections).toEqual([])
    })

    it('tells the end of an object before it tells of another with its name', async () => {
      await put('a')
      const { recorder } = await watch()
      await remove('a')
      await put('a')
      await expectTold(recorder, ['+a', '-a', '+a'])
    })

    it('keeps to its namespace and labels', async () => {
      await put('mine', {}, { seen: 'yes' })
      await put('other')
      const { recorder } = await watch({ labelSelector: 'seen=yes' })
      await put('mine', {}, { seen: 'no' })
      await put('other', {}, { seen: 'yes' })
      await expectTold(recorder, ['+mine', '-mine', '+other'])
      const everywhere = server.watcher({ type: configMapType, labelSelector: 'seen=yes' }, impatient)
      watchers.push(everywhere)
      const all = createWatchRecorder()
      everywhere.start(all.handlers)
      await vi.waitFor(() => expect([...all.objects.keys()]).toContain(`${namespace}/other`), waiting)
    })

    it('goes on after the end of a watch without listing again', async () => {
      const { watcher, recorder } = await watch({}, { watchSeconds: 1 })
      await put('a')
      await expectTold(recorder, ['+a'])
      const heard = watcher.state().lastHeardAtMs ?? 0
      await vi.waitFor(() => expect(watcher.state().lastHeardAtMs).toBeGreaterThan(heard), waiting)
      await put('b')
      await expectTold(recorder, ['+a', '+b'])
      expect(watcher.state().relists).toBe(1)
    })

    it('lists again when its version is gone, and tells nothing when nothing changed', async () => {
      await put('a')
      const { watcher, recorder } = await watch()
      await put('b')
      await expectTold(recorder, ['+a', '+b'])
      await server.forgetHistory()
      await vi.waitFor(() => expect(watcher.state().relists).toBeGreaterThan(1), waiting)
      await put('c')
      await expectTold(recorder, ['+a', '+b', '+c'])
      expect(recorder.objections).toEqual([])
    })

    it('survives a server that is away for a while', async () => {
      await put('a')
      const { recorder } = await watch()
      await server.vanish()
      await server.comeBack()
      await put('b')
      await expectTold(recorder, ['+a', '+b'])
    })

    it('counts as synced where its type is not there, and notices when it is', async () => {
      const { watcher, recorder } = await watch({ type: unknownType })
      expect(watcher.state()).toMatchObject({ hasSynced: true, isTypeMissing: true })
      expect(recorder.told).toEqual([])
      await server.installType()
      await vi.waitFor(() => expect(watcher.state().isTypeMissing).toBe(false), waiting)
      valueOf(await server.api.create(unknownType, { apiVersion: 'bells.example/v1', kind: 'Bell', metadata: ref('ding') }))
      await expectTold(recorder, ['+ding'])
    })

    it('is started once, stops for good, and can be stopped twice', async () => {
      const { watcher, recorder } = await watch()
      expect(() => watcher.start(recorder.handlers)).toThrow('started once')
      await Promise.all([watcher.stop(), watcher.stop()])
      await put('a')
      const witness = await watch()
      expect(witness.recorder.told).toEqual(['+a'])
      expect(recorder.told).toEqual([])
    })

    it('can be stopped before it began, and while it waits for a server', async () => {
      const first = server.watcher({ type: configMapType, namespace }, impatient)
      const recorder = createWatchRecorder()
      first.start(recorder.handlers)
      await first.stop()
      expect(recorder.told).toEqual([])
      await server.api.list(configMapType, { namespace })
      expect(first.state().hasSynced).toBe(false)
    })
  })
}
