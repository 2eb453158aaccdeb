import { inChannelWordsOfPod } from './channel-fields.ts'
import { reasonOfPodRefusal, type PodRefusalReason } from '../failure-reasons.ts'
import { conditionOf, isSeen, type Deployment } from '../children/running-gateway.ts'

/** Why Kubernetes makes no pods for a Deployment. */
export interface PodRefusal {
  readonly reason: PodRefusalReason
  /** The words of what refused, without the names of pods that were never made. */
  readonly message: string
}

/**
 * Reads why no pods are made: a ReplicaSet could not make pods (ReplicaFailure), or the Deployment could not make its ReplicaSet. The second is no
 * ReplicaFailure, no deadline ever passes for it, and the controller sets no `observedGeneration` beside it.
 * @returns null when nothing is refused, or when that is not known of this generation
 */
export function podRefusalOf(deployment: Deployment): PodRefusal | null {
  const words = wordsOf(deployment)
  if (words === null) return null
  const isDeletion = conditionOf(deployment, 'ReplicaFailure')?.reason === 'FailedDelete'
  return {
    reason: reasonOfPodRefusal(words),
    message: `Pods cannot be ${isDeletion ? 'deleted' : 'made'}: ${withoutNames(words, deployment.metadata.name)}`,
  }
}

function wordsOf(deployment: Deployment): string | null {
  const progress = conditionOf(deployment, 'Progressing')
  if (progress?.reason === 'ReplicaSetCreateError') return progress.message ?? ''
  const failure = conditionOf(deployment, 'ReplicaFailure')
  return isSeen(deployment) && failure?.status === 'True' ? (failure.message ?? '') : null
}

/** The names of pods that were never made are new at each attempt, and a condition's message must not be. */
function withoutNames(message: string, deployment: string): string {
  const words = message
    .replace(/^Failed to create new replica set "[^"]*": /, '')
    .replace(/^(pods|replicasets\.apps) "[^"]*" is forbidden: /, '')
  return inChannelWordsOfPod(words).replaceAll(new RegExp(`\\b${RegExp.escape(deployment)}-[a-z0-9]{1,10}-[a-z0-9]{5}\\b`, 'g'), 'the pod')
}
