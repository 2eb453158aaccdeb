import { describeKubernetesApi, namespaceType, valueOf } from '../../testing/kubernetes-api-contract.ts'
import { startControlPlane } from '../../testing/control-plane.ts'
import { apiOf } from './testing/api-of.ts'

describeKubernetesApi('the real API server', async (namespaces) => {
  const cluster = await startControlPlane()
  const api = apiOf(cluster.kubeconfigFile)
  for (const name of namespaces) valueOf(await api.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
  return {
    api,
    forgetHistory: async () => {
      await cluster.compact()
      await cluster.restart()
    },
    vanish: cluster.kill,
    comeBack: cluster.restart,
    stop: async () => {
      api.close()
      await cluster.stop()
    },
  }
})
