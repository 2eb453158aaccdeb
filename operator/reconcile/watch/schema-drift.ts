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
 * Compares the definitions of the cluster with those of this operator. The API server validates channels by its CustomResourceDefinition,
 * and the operator reads them by its own schema. When they differ, both go on. A field that only the server knows is reported in the status
 * of each channel that uses it. A field that only the operator knows has its default. The log should show the reason.
 * @returns a sentence for each definition that differs. No sentence for one that is the same, is missing, or cannot be read
 */
export async function schemaDrift(api: Pick<KubernetesApi, 'get'>): Promise<readonly string[]> {
  const sentences = await Promise.all(definitions.map((definition) => driftOf(api, definition)))
  return sentences.filter((sentence) => sentence !== null)
}

async function driftOf(api: Pick<KubernetesApi, 'get'>, { name, hash }: OwnDefinition): Promise<string | null> {
  const found = await api.get(definitionType, { namespace: '', name })
  // The watch reports a missing definition. One that cannot be read changes nothing.
  if (!found.ok) return null
  const installed = found.value.metadata.annotations?.[schemaHashAnnotation] ?? 'unknown'
  if (installed === hash()) return null
  return `The CustomResourceDefinition ${name} of this cluster is of another version than this operator: its schema is ${installed}, the operator's is ${hash()}. Upgrade the older of the two. The chart contains both.`
}
