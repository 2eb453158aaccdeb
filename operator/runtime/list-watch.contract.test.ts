import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { unknownType } from '../testing/kubernetes-api-contract.ts'
import { createMemoryKubernetes } from '../testing/memory-kubernetes.ts'
import { describeWatcher } from '../testing/watcher-contract.ts'
import { createListWatch } from './list-watch.ts'

describeWatcher('list and watch on the memory double', async () => {
  const server = createMemoryKubernetes({ missing: [unknownType] })
  return {
    api: server,
    watcher: (target, options) => createListWatch({ api: server, target, options, logger: createRecordingLogger().logger }),
    forgetHistory: async () => {
      // A new version on the server, as in every real cluster: otherwise the version that the watch holds would not be an old one.
      await server.create(
        { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false },
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } },
      )
      server.compact()
      server.endWatches()
    },
    vanish: async () => server.vanish(),
    comeBack: async () => server.comeBack(),
    installType: async () => server.install(unknownType),
    stop: async () => {},
  }
})
