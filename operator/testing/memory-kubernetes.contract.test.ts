import { describeKubernetesApi, namespaceType, unknownType } from './kubernetes-api-contract.ts'
import { createMemoryKubernetes } from './memory-kubernetes.ts'

describeKubernetesApi('the memory double', async (namespaces) => {
  const server = createMemoryKubernetes({ missing: [unknownType] })
  for (const name of namespaces) await server.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  return {
    api: server,
    forgetHistory: async () => server.compact(),
    vanish: async () => server.vanish(),
    comeBack: async () => server.comeBack(),
    stop: async () => {},
  }
})
