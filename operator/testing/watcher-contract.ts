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
  /** Makes all resource versions so far `gone`, and ends the watches. */
  forgetHistory(): Promise<void>
  vanish(): Promise<void>
  comeBack(): Promise<void>
  /** Installs `unknownType` on the server. */
  installType(): Promise<void>
  stop(): Promise<void>
}

const waiting = { timeout: 20_000, interval: 10 }
const impatient = { minBackOffMs: 20, maxBackOffMs: 200, missingTypeMs: 100 }

/**
 * The contract of `operator/runtime/watcher.ts`, for any implementation on any server.
 * @param makeServer called once, with the names of the namespaces that must exist
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
    const expectReported = (recorder: WatchRecorder, reported: readonly string[]): Promise<void> =>
      vi.waitFor(() => expect(recorder.reported).toEqual(reported), waiting)

    it('reports all existing objects, page by page, before it counts as synced', async () => {
      for (const called of ['a', 'b', 'c', 'd', 'e']) await put(called)
      const { watcher, recorder } = await watch({}, { pageSize: 2 })
      expect(recorder.reported).toEqual(['+a', '+b', '+c', '+d', '+e'])
      expect(watcher.state()).toMatchObject({ hasSynced: true, relists: 1, isTypeMissing: false, lastHeardAtMs: expect.any(Number) })
    })

    it('reports each change once', async () => {
      await put('a')
      const { recorder } = await watch()
      await put('a', { x: '1' })
      await put('a', { x: '1' })
      await put('b')
      await remove('a')
      await expectReported(recorder, ['+a', '+a', '+b', '-a'])
      expect(recorder.violations).toEqual([])
    })

    it('reports the end of an object before another one with its name', async () => {
      await put('a')
      const { recorder } = await watch()
      await remove('a')
      await put('a')
      await expectReported(recorder, ['+a', '-a', '+a'])
    })

    it('reports only objects of its namespace and labels', async () => {
      await put('mine', {}, { seen: 'yes' })
      await put('other')
      const { recorder } = await watch({ labelSelector: 'seen=yes' })
      await put('mine', {}, { seen: 'no' })
      await put('other', {}, { seen: 'yes' })
      await expectReported(recorder, ['+mine', '-mine', '+other'])
      const everywhere = server.watcher({ type: configMapType, labelSelector: 'seen=yes' }, impatient)
      watchers.push(everywhere)
      const all = createWatchRecorder()
      everywhere.start(all.handlers)
      await vi.waitFor(() => expect([...all.objects.keys()]).toContain(`${namespace}/other`), waiting)
    })

    it('resumes after the end of a watch without listing again', async () => {
      const { watcher, recorder } = await watch({}, { watchSeconds: 1 })
      await put('a')
      await expectReported(recorder, ['+a'])
      const heard = watcher.state().lastHeardAtMs ?? 0
      await vi.waitFor(() => expect(watcher.state().lastHeardAtMs).toBeGreaterThan(heard), waiting)
      await put('b')
      await expectReported(recorder, ['+a', '+b'])
      expect(watcher.state().relists).toBe(1)
    })

    it('lists again when its version is gone, and reports nothing when nothing changed', async () => {
      await put('a')
      const { watcher, recorder } = await watch()
      await put('b')
      await expectReported(recorder, ['+a', '+b'])
      await server.forgetHistory()
      await vi.waitFor(() => expect(watcher.state().relists).toBeGreaterThan(1), waiting)
      await put('c')
      await expectReported(recorder, ['+a', '+b', '+c'])
      expect(recorder.violations).toEqual([])
    })

    it('survives a server that is away for a while', async () => {
      await put('a')
      const { recorder } = await watch()
      await server.vanish()
      await server.comeBack()
      await put('b')
      await expectReported(recorder, ['+a', '+b'])
    })

    it('counts as synced when its type is missing, and notices when it is installed', async () => {
      const { watcher, recorder } = await watch({ type: unknownType })
      expect(watcher.state()).toMatchObject({ hasSynced: true, isTypeMissing: true })
      expect(recorder.reported).toEqual([])
      await server.installType()
      await vi.waitFor(() => expect(watcher.state().isTypeMissing).toBe(false), waiting)
      valueOf(await server.api.create(unknownType, { apiVersion: 'bells.example/v1', kind: 'Bell', metadata: ref('ding') }))
      await expectReported(recorder, ['+ding'])
    })

    it('throws at a second start, stays stopped, and can be stopped twice', async () => {
      const { watcher, recorder } = await watch()
      expect(() => watcher.start(recorder.handlers)).toThrow('starts once')
      await Promise.all([watcher.stop(), watcher.stop()])
      await put('a')
      const witness = await watch()
      expect(witness.recorder.reported).toEqual(['+a'])
      expect(recorder.reported).toEqual([])
    })

    it('can be stopped before it has started, and while it waits for a server', async () => {
      const first = server.watcher({ type: configMapType, namespace }, impatient)
      const recorder = createWatchRecorder()
      first.start(recorder.handlers)
      await first.stop()
      expect(recorder.reported).toEqual([])
      await server.api.list(configMapType, { namespace })
      expect(first.state().hasSynced).toBe(false)
    })
  })
}
