import type { ConditionReason } from '../condition-reasons.ts'
import { asFalse, type Assessment } from './condition-list.ts'
import type { TroubledPod } from '../world.ts'

/** Trouble of a pod. The kubelet's reasons alternate between attempts (ErrImagePull, ImagePullBackOff), and those of a condition must not. */
interface Trouble {
  readonly reason: Extract<ConditionReason, 'ImagePullFailed' | 'PodsUnschedulable' | 'PodsFailing'>
  readonly text: string
}

const imageReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
])
const endReasons: ReadonlySet<string> = new Set(['CrashLoopBackOff', 'Error', 'Completed', 'OOMKilled', 'ContainerCannotRun', 'StartError'])
const schedulerReasons: ReadonlySet<string> = new Set(['Unschedulable', 'SchedulingGated', 'SchedulerError'])

/**
 * Assesses pods that are not available. The message quotes the most informative pod.
 * @param stage stalled: the roll-out is past its deadline. unavailable: it was complete once, and now there is no pod. progressing: otherwise
 */
export function assessTrouble(pods: readonly TroubledPod[], stage: 'stalled' | 'unavailable' | 'progressing'): Assessment {
  const [trouble] = pods.map(troubleOf).toSorted((a, b) => rankOf(a) - rankOf(b) || (a.text < b.text ? -1 : 1))
  const text = trouble === undefined ? '' : ` ${trouble.text}`
  switch (stage) {
    case 'stalled':
      return asFalse(
        trouble?.reason ?? 'PodsFailing',
        `The roll-out is past its deadline.${text === '' ? ' Its pods do not become ready. See kubectl describe.' : text}`,
      )
    case 'unavailable':
      return asFalse('GatewayUnavailable', `No pod is available.${text}`)
    case 'progressing':
      return asFalse('GatewayProgressing', `Pods are being started or replaced.${text}`)
    default:
      return stage satisfies never
  }
}

const ranks = { ImagePullFailed: 0, PodsUnschedulable: 1, PodsFailing: 2 } as const

function rankOf({ reason }: Trouble): number {
  return ranks[reason]
}

function troubleOf({ reason, message }: TroubledPod): Trouble {
  if (imageReasons.has(reason))
    return { reason: 'ImagePullFailed', text: 'The image cannot be pulled: check spec.gateway.image and imagePullSecrets.' }
  if (schedulerReasons.has(reason)) return { reason: 'PodsUnschedulable', text: `No node accepts the pods: ${message}` }
  if (endReasons.has(reason)) return { reason: 'PodsFailing', text: 'Pods exit soon after they start. See their logs.' }
  return { reason: 'PodsFailing', text: `${reason}: ${message}` }
}
