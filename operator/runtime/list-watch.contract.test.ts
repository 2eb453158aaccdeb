import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { unknownType } from '../testing/kubernetes-api-contract.ts'
import { createMemoryKubernetes } from '../testing/memory-kubernetes.ts'
import { describeWatcher } from '../testing/watcher-contract.ts'
import { createListWatch } from './list-watch.ts'

describeWatcher('list and watch on the memory twin', async () => {
  const twin = createMemoryKubernetes({ missing: [unknownType] })
  return {
    api: twin,
    watcher: (target, options) => createListWatch({ api: twin, target, options, logger: createRecordingLogger().logger }),
    forgetHistory: async () => {
      // The server's version moves on, as it does in every real cluster; else the version that the watch holds would not be an old one.
      await twin.create(
        { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false },
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } },
      )
      twin.compact()
      twin.endWatches()
    },
    vanish: async () => twin.vanish(),
    comeBack: async () => twin.comeBack(),
    installType: async () => twin.install(unknownType),
    stop: async () => {},
  }
})
