import type { ConditionReason } from '../condition-reasons.ts'
import { isFalse, type Judgement } from './condition-list.ts'
import type { TroubledPod } from '../world.ts'

/** What a pod suffers from. The kubelet's words go to and fro between attempts (ErrImagePull, ImagePullBackOff), a condition's must not. */
interface Trouble {
  readonly reason: Extract<ConditionReason, 'ImagePullFailed' | 'PodsUnschedulable' | 'PodsFailing'>
  readonly words: string
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
 * What is said of pods that are not available, with the words of the one that says most.
 * @param stage stalled: the roll-out is past its deadline. unavailable: it was complete once, and now there is no pod. progressing: otherwise
 */
export function judgeTrouble(pods: readonly TroubledPod[], stage: 'stalled' | 'unavailable' | 'progressing'): Judgement {
  const [trouble] = pods.map(troubleOf).toSorted((a, b) => rankOf(a) - rankOf(b) || (a.words < b.words ? -1 : 1))
  const words = trouble === undefined ? '' : ` ${trouble.words}`
  switch (stage) {
    case 'stalled':
      return isFalse(
        trouble?.reason ?? 'PodsFailing',
        `The roll-out is past its deadline.${words === '' ? ' Its pods do not become ready: kubectl describe them.' : words}`,
      )
    case 'unavailable':
      return isFalse('GatewayUnavailable', `No pod is available.${words}`)
    case 'progressing':
      return isFalse('GatewayProgressing', `Pods are being started or exchanged.${words}`)
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
    return { reason: 'ImagePullFailed', words: 'The image cannot be pulled: check spec.gateway.image and imagePullSecrets.' }
  if (schedulerReasons.has(reason)) return { reason: 'PodsUnschedulable', words: `No node takes a pod: ${message}` }
  if (endReasons.has(reason)) return { reason: 'PodsFailing', words: 'Pods end soon after they start: their logs say why.' }
  return { reason: 'PodsFailing', words: `${reason}: ${message}` }
}
