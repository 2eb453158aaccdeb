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
 * Makes an object that somebody edited fit to be applied again.
 *
 * An apply merges: what others set, stays. So an edit can leave an object of which no apply is valid any more: a port of the Service with another
 * number and our name for it, `minAvailable` beside our `maxUnavailable`, `valueFrom` beside our `value`. It would be refused for ever. So
 * the spec is replaced as a whole; what others added to the metadata stays.
 *
 * Whoever patches a field owns it, and owning it twice, by the patch and by the apply that follows, would keep the field there when the operator
 * leaves it out some day. So the ownership by the patch is given up.
 * @returns an error, and nothing has changed, when the object is not valid in this way either
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

/** Not ours to say when we say nothing: an autoscaler chooses the one, and the cluster, when an Ingress is made, the other. */
const keptFields: ReadonlySet<string> = new Set(['replicas', 'ingressClassName'])

function replacement(live: KubernetesObject, { metadata, spec }: KubernetesObject): Readonly<Record<string, unknown>> {
  const { labels, annotations, ownerReferences } = metadata
  const kept = isRecord(live['spec']) ? Object.fromEntries(Object.entries(live['spec']).filter(([name]) => keptFields.has(name))) : {}
  return {
    metadata: { resourceVersion: live.metadata.resourceVersion, labels, annotations, ownerReferences },
    ...(isRecord(spec) ? { spec: replacing(live['spec'], { ...kept, ...spec }) } : {}),
  }
}

/** The merge patch (RFC 7396) that leaves nothing of what there is but what is wanted. */
function replacing(found: unknown, wanted: unknown): unknown {
  if (!isRecord(found) || !isRecord(wanted)) return wanted
  const gone = Object.keys(found)
    .filter((name) => wanted[name] === undefined)
    .map((name) => [name, null] as const)
  return Object.fromEntries([...gone, ...Object.entries(wanted).map(([name, value]) => [name, replacing(found[name], value)] as const)])
}
