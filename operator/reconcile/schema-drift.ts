import { crdName, schemaHash, schemaHashAnnotation } from '../api/v1alpha1/crd.ts'
import type { KubernetesApi, ResourceType } from '../runtime/kubernetes-api.ts'

export const definitionType: ResourceType = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions', kind: 'CustomResourceDefinition', isNamespaced: false }

/**
 * The API server judges channels by its CustomResourceDefinition, and the operator reads them by its own schema. Where the two differ, both go on:
 * a field that only the server knows is reported in the status of each channel that uses it, one that only the operator knows has its default. Whoever
 * looks for the reason should find it in the log.
 * @returns a sentence when the definition is another; null when it is the operator's own, is not there, or cannot be read
 */
export async function schemaDrift(api: Pick<KubernetesApi, 'get'>): Promise<string | null> {
  const found = await api.get(definitionType, { namespace: '', name: crdName })
  // A definition that is missing is the watch's to report; one that cannot be read is no reason to do less.
  if (!found.ok) return null
  const installed = found.value.metadata.annotations?.[schemaHashAnnotation] ?? 'unknown'
  if (installed === schemaHash()) return null
  return `The CustomResourceDefinition ${crdName} of this cluster is of another version than this operator: its schema is ${installed}, the operator's ${schemaHash()}. Update the older of the two; the chart brings both.`
}
