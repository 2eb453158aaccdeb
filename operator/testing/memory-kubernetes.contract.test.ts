import { describeKubernetesApi, namespaceType, unknownType } from './kubernetes-api-contract.ts'
import { createMemoryKubernetes } from './memory-kubernetes.ts'

describeKubernetesApi('the memory twin', async (namespaces) => {
  const twin = createMemoryKubernetes({ missing: [unknownType] })
  for (const name of namespaces) await twin.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  return {
    api: twin,
    forgetHistory: async () => twin.compact(),
    vanish: async () => twin.vanish(),
    comeBack: async () => twin.comeBack(),
    stop: async () => {},
  }
})
