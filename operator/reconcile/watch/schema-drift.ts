import { classCrdName, classSchemaHash } from '../../../api/v1alpha1/class-crd.ts'
import { crdName, schemaHash } from '../../../api/v1alpha1/crd.ts'
import { schemaHashAnnotation } from '../../../api/v1alpha1/definition.ts'
import type { ResourceType } from '../../../api/kubernetes.ts'
import type { KubernetesApi } from '../../runtime/kubernetes-api.ts'

export const definitionType: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  isNamespaced: false,
}

interface OwnDefinition {
  readonly name: string
  readonly hash: () => string
}

const definitions: readonly OwnDefinition[] = [
  { name: crdName, hash: schemaHash },
  { name: classCrdName, hash: classSchemaHash },
]

/**
 * The API server judges channels by its CustomResourceDefinition, and the operator reads them by its own schema. Where the two differ, both go on:
 * a field that only the server knows is reported in the status of each channel that uses it, one that only the operator knows has its default. Whoever
 * looks for the reason should find it in the log.
 * @returns a sentence for each definition that is another; none for one that is the operator's own, is not there, or cannot be read
 */
export async function schemaDrift(api: Pick<KubernetesApi, 'get'>): Promise<readonly string[]> {
  const sentences = await Promise.all(definitions.map((definition) => driftOf(api, definition)))
  return sentences.filter((sentence) => sentence !== null)
}

async function driftOf(api: Pick<KubernetesApi, 'get'>, { name, hash }: OwnDefinition): Promise<string | null> {
  const found = await api.get(definitionType, { namespace: '', name })
  // A definition that is missing is the watch's to report; one that cannot be read is no reason to do less.
  if (!found.ok) return null
  const installed = found.value.metadata.annotations?.[schemaHashAnnotation] ?? 'unknown'
  if (installed === hash()) return null
  return `The CustomResourceDefinition ${name} of this cluster is of another version than this operator: its schema is ${installed}, the operator's ${hash()}. Update the older of the two; the chart brings both.`
}
