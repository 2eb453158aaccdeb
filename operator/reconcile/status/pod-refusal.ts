import { namePodFields } from './channel-fields.ts'
import { reasonOfPodRefusal, type PodRefusalReason } from '../failure-reasons.ts'
import { conditionOf, isSeen, type Deployment } from '../children/running-gateway.ts'

/** Reason why Kubernetes creates no pods for a Deployment. */
export interface PodRefusal {
  readonly reason: PodRefusalReason
  /** Quoted refusal, without the names of pods that were never created. */
  readonly message: string
}

/**
 * Reads why no pods are created. Either a ReplicaSet could not create pods (ReplicaFailure), or the Deployment could not create its ReplicaSet. In the second
 * case there is no ReplicaFailure, no deadline passes, and the controller sets no `observedGeneration`.
 * @returns null when nothing is refused, or when the refusal is not known to be of this generation
 */
export function podRefusalOf(deployment: Deployment): PodRefusal | null {
  const text = refusalTextOf(deployment)
  if (text === null) return null
  const isDeletion = conditionOf(deployment, 'ReplicaFailure')?.reason === 'FailedDelete'
  return {
    reason: reasonOfPodRefusal(text),
    message: `Pods cannot be ${isDeletion ? 'deleted' : 'created'}: ${withoutNames(text, deployment.metadata.name)}`,
  }
}

function refusalTextOf(deployment: Deployment): string | null {
  const progress = conditionOf(deployment, 'Progressing')
  if (progress?.reason === 'ReplicaSetCreateError') return progress.message ?? ''
  const failure = conditionOf(deployment, 'ReplicaFailure')
  return isSeen(deployment) && failure?.status === 'True' ? (failure.message ?? '') : null
}

/** Removes the names of pods that were never created. They differ at each attempt, and a condition's message must not. */
function withoutNames(message: string, deployment: string): string {
  const text = message
    .replace(/^Failed to create new replica set "[^"]*": /, '')
    .replace(/^(pods|replicasets\.apps) "[^"]*" is forbidden: /, '')
  return namePodFields(text).replaceAll(new RegExp(`\\b${RegExp.escape(deployment)}-[a-z0-9]{1,10}-[a-z0-9]{5}\\b`, 'g'), 'the pod')
}
