import { ok, type Result } from '../../../program/result.ts'
import type { KubernetesObject, ResourceType } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { refOf } from '../../../api/object-ref.ts'
import { isRecord } from '../../../program/is-record.ts'

export interface OverwriteParts {
  readonly api: Pick<KubernetesApi, 'get' | 'mergePatch'>
  readonly fieldManager: string
}

/**
 * Makes an edited object valid for an apply again.
 *
 * An apply merges: fields of other writers stay. So an edit can leave an object that makes every apply invalid. Examples: a port of the
 * Service with another number and our name for it, `minAvailable` beside our `maxUnavailable`, `valueFrom` beside our `value`. Every later
 * apply would be refused. So the spec is replaced as a whole, and additions to the metadata stay.
 *
 * A patch makes its writer the owner of the fields. The apply that follows makes the operator the owner a second time. A field with two
 * owners would stay when the operator drops it some day. So the ownership by the patch is removed.
 * @returns an error when the replacement is not valid either. Nothing has changed then
 */
export async function overwrite(
  type: ResourceType,
  object: KubernetesObject,
  { api, fieldManager }: OverwriteParts,
): Promise<Result<void, ApiError>> {
  const ref = refOf(object)
  const live = await api.get(type, ref)
  if (!live.ok) return live
  const replaced = await api.mergePatch(type, ref, replacement(live.value, object))
  if (!replaced.ok) return replaced
  const { resourceVersion, managedFields = [] } = replaced.value.metadata
  const left = managedFields.filter(({ manager, operation }) => manager !== fieldManager || operation !== 'Update')
  const released = await api.mergePatch(type, ref, { metadata: { resourceVersion, managedFields: left } })
  return released.ok ? ok(undefined) : released
}

/**
 * Fields that are kept when the operator does not set them. An autoscaler sets `replicas`, and the cluster sets `ingressClassName` when an
 * Ingress is created.
 */
const keptFields: ReadonlySet<string> = new Set(['replicas', 'ingressClassName'])

function replacement(live: KubernetesObject, { metadata, spec }: KubernetesObject): Readonly<Record<string, unknown>> {
  const { labels, annotations, ownerReferences } = metadata
  const kept = isRecord(live['spec']) ? Object.fromEntries(Object.entries(live['spec']).filter(([name]) => keptFields.has(name))) : {}
  return {
    metadata: { resourceVersion: live.metadata.resourceVersion, labels, annotations, ownerReferences },
    ...(isRecord(spec) ? { spec: replacing(live['spec'], { ...kept, ...spec }) } : {}),
  }
}

/** Returns the merge patch (RFC 7396) that removes everything but the wanted fields. */
function replacing(found: unknown, wanted: unknown): unknown {
  if (!isRecord(found) || !isRecord(wanted)) return wanted
  const gone = Object.keys(found)
    .filter((name) => wanted[name] === undefined)
    .map((name) => [name, null] as const)
  return Object.fromEntries([...gone, ...Object.entries(wanted).map(([name, value]) => [name, replacing(found[name], value)] as const)])
}
