import { describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { apiOf } from '../adapters/kubernetes/testing/api-of.ts'
import { startControlPlane } from '../../testing/control-plane/control-plane.ts'
import { configMapType, namespaceType, unknownType, valueOf } from '../testing/kubernetes-api-contract.ts'
import { createWatchRecorder } from '../testing/watcher-contract-recorder.ts'
import { describeWatcher } from '../testing/watcher-contract.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { createListWatch } from './list-watch.ts'

const definitionType: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  isNamespaced: false,
}
const bells: KubernetesObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'bells.bells.example' },
  spec: {
    group: 'bells.example',
    names: { plural: 'bells', singular: 'bell', kind: 'Bell' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
}

describeWatcher('list and watch on the real API server', async (namespaces) => {
  const cluster = await startControlPlane()
  const api = apiOf(cluster.kubeconfigFile)
  for (const name of namespaces) valueOf(await api.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
  return {
    api,
    watcher: (target, options) => createListWatch({ api, target, options, logger: createRecordingLogger().logger }),
    forgetHistory: cluster.restart,
    vanish: cluster.kill,
    comeBack: cluster.restart,
    installType: async () => {
      valueOf(await api.create(definitionType, bells))
      await vi.waitFor(async () => valueOf(await api.list(unknownType, {})), { timeout: 10_000 })
    },
    stop: async () => {
      api.close()
      await cluster.stop()
    },
  }
})

describe('list and watch on a server that does not answer', () => {
  it('gives up a connection that is open and silent, and reports what it missed when the server is back', async () => {
    const cluster = await startControlPlane()
    const [api, patient] = [apiOf(cluster.kubeconfigFile, { timeoutMs: 1_000 }), apiOf(cluster.kubeconfigFile)]
    const { logger, lines } = createRecordingLogger()
    const options = { silenceMs: 1_000, minBackOffMs: 20, maxBackOffMs: 100 }
    const watcher = createListWatch({ api, logger, options, target: { type: configMapType, namespace: 'default' } })
    const recorder = createWatchRecorder()
    watcher.start(recorder.handlers)
    await vi.waitFor(() => expect(watcher.state().hasSynced).toBe(true))
    cluster.pause()
    await vi.waitFor(() => expect(lines.map(({ fields }) => fields['reason'])).toContain('no response within 1000 ms'), { timeout: 10_000 })
    const before = watcher.state().relists
    cluster.resume()
    valueOf(await patient.create(configMapType, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late', namespace: 'default' } }))
    await vi.waitFor(() => expect(recorder.reported).toEqual(['+late']), { timeout: 10_000 })
    expect(watcher.state().relists).toBeGreaterThanOrEqual(before)
    await watcher.stop()
    await cluster.stop()
  })
})
