import type { KubernetesObject, ResourceType } from '../../../api/kubernetes.ts'
import type { KubernetesApi } from '../../runtime/kubernetes-api.ts'
import type { TroubledPod } from '../world.ts'

const podType: ResourceType = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', isNamespaced: true }
const eventType: ResourceType = { group: '', version: 'v1', plural: 'events', kind: 'Event', isNamespaced: true }

const maxPods = 10

/**
 * The parts of a Deployment that decide whether its pods are read.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/
 */
interface Deployment {
  readonly spec?: { readonly replicas?: number; readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> } }
  readonly status?: {
    readonly observedGeneration?: number
    readonly availableReplicas?: number
    readonly updatedReplicas?: number
    readonly replicas?: number
  }
}

interface Pod {
  readonly metadata: KubernetesObject['metadata']
  readonly status?: {
    readonly phase?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[]
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

interface ContainerStatus {
  readonly ready?: boolean
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } }
  readonly lastState?: { readonly terminated?: { readonly reason?: string; readonly exitCode?: number; readonly message?: string } }
}

/**
 * Explains why pods of a Deployment are not ready, in the words of the kubelet and the scheduler. The operator may not read whether a
 * Secret that a pod mounts exists, but the kubelet reports it. Nothing is read while all pods are available. Pods that cannot be read are
 * left out: they would only have explained.
 */
export async function observePods(api: Pick<KubernetesApi, 'list'>, object: KubernetesObject): Promise<readonly TroubledPod[]> {
  const deployment = object as unknown as Deployment // The API server validates a Deployment to this shape.
  const labels = deployment.spec?.selector?.matchLabels
  if (labels === undefined || !isInTrouble(deployment)) return []
  const namespace = object.metadata.namespace ?? ''
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const pods = await api.list(podType, { namespace, labelSelector, resourceVersion: '0' })
  if (!pods.ok) return []
  const troubled = pods.value.items.filter(isTroubled).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  return Promise.all(troubled.slice(0, maxPods).map((pod) => explainPod(api, pod)))
}

/** Returns true if the controller has seen the Deployment (`observedGeneration`) and it has fewer available pods than it wants. */
function isInTrouble({ spec, status }: Deployment): boolean {
  const wanted = spec?.replicas ?? 1
  if (status?.observedGeneration === undefined) return false
  return (status.availableReplicas ?? 0) < wanted || (status.updatedReplicas ?? 0) < wanted
}

function isTroubled(object: KubernetesObject): boolean {
  const { status, metadata } = object as unknown as Pod // The API server validates a Pod to this shape.
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true
  return !isReady && metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded'
}

async function explainPod(api: Pick<KubernetesApi, 'list'>, object: KubernetesObject): Promise<TroubledPod> {
  const { status } = object as unknown as Pod // The API server validates a Pod to this shape.
  const { name } = object.metadata
  const unscheduled = status?.conditions?.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False')
  if (unscheduled !== undefined) return { name, reason: unscheduled.reason ?? 'Unschedulable', message: unscheduled.message ?? '' }
  const container = status?.containerStatuses?.find(({ ready }) => ready !== true)
  const waiting = container?.state?.waiting
  if (waiting?.reason === 'ContainerCreating')
    return (await explainByEvents(api, object)) ?? { name, reason: waiting.reason, message: waiting.message ?? '' }
  const ended = container?.lastState?.terminated
  const end =
    ended === undefined
      ? ''
      : `its last run ended with ${ended.reason ?? 'an error'} (exit code ${ended.exitCode ?? 'unknown'}) ${ended.message ?? ''}`.trim()
  return {
    name,
    reason: waiting?.reason ?? 'NotReady',
    message: [waiting?.message, end].filter((text) => text !== undefined && text !== '').join('; '),
  }
}

/** Reads the Events of a pod. The kubelet reports a volume that cannot be mounted only by Events. */
async function explainByEvents(api: Pick<KubernetesApi, 'list'>, pod: KubernetesObject): Promise<TroubledPod | null> {
  const fieldSelector = `involvedObject.uid=${pod.metadata.uid ?? ''},type=Warning`
  const events = await api.list(eventType, { namespace: pod.metadata.namespace ?? '', fieldSelector, limit: 20 })
  if (!events.ok) return null
  const last = events.value.items.at(-1)
  const [reason, message] = [last?.['reason'], last?.['message']]
  return typeof reason === 'string' ? { name: pod.metadata.name, reason, message: typeof message === 'string' ? message : '' } : null
}
