import { createKubernetesApi, type ClosableKubernetesApi, type KubernetesApiParts } from '../kubernetes-api.ts'
import { loadKubeConfig } from '../kube-config.ts'

/** Makes the real adapter for the server and user of a kubeconfig file. @throws when the file is not valid */
export function apiOf(kubeconfigFile: string, parts: Partial<KubernetesApiParts> = {}): ClosableKubernetesApi {
  const kubeConfigOptions = { kubeconfigFile, context: null }
  const loaded = loadKubeConfig(kubeConfigOptions)
  if (!loaded.ok) throw new Error(loaded.error)
  return createKubernetesApi({ loaded: loaded.value, kubeConfigOptions, version: '0.0.0-test', ...parts })
}
