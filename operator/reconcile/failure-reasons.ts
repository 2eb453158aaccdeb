import type { ApiError } from '../runtime/kubernetes-api.ts'
import type { ActionFailure } from './plan-types.ts'
import type { ConditionReason } from './condition-reasons.ts'
import type { TopicFailure } from './topic/topic-admin.ts'

/** Returns the reason of the closed table for a failure. */
export function reasonOfFailure(failure: ActionFailure): ConditionReason {
  return failure.of === 'kafka' ? reasonOfTopicFailure(failure.failure) : reasonOfApiError(failure.error)
}

export function reasonOfTopicFailure({ kind }: TopicFailure): ConditionReason {
  const reasons = {
    unreachable: 'KafkaUnreachable',
    transient: 'KafkaUnreachable',
    unauthenticated: 'KafkaUnauthenticated',
    unauthorized: 'KafkaUnauthorized',
    refused: 'TopicRefused',
    // Another client was faster; the next reconcile shows the topic.
    'already-exists': 'TopicChanging',
    'not-found': 'TopicChanging',
  } as const satisfies Record<TopicFailure['kind'], ConditionReason>
  return reasons[kind]
}

export function reasonOfApiError(error: ApiError): ConditionReason {
  switch (error.kind) {
    case 'forbidden':
      return reasonOfDenial(error.message)
    case 'unauthorized':
      return 'Forbidden'
    case 'invalid':
    case 'no-such-resource':
      return 'InvalidObject'
    case 'conflict':
    case 'already-exists':
      return 'FieldConflict'
    case 'not-found':
    case 'gone':
    case 'overloaded':
    case 'unavailable':
      return 'ApiUnavailable'
    default:
      return error.kind satisfies never
  }
}

/**
 * Returns who refused a request. RBAC, quotas, admission and the end of a namespace all answer 403, and only the text distinguishes them. The server begins its
 * own texts with `is forbidden:`. Only those of RBAC name a user, or what an account cannot do. A text that is not the server's counts as RBAC's.
 */
export function reasonOfDenial(message: string): ConditionReason {
  const refused = reasonOfAdmission(message)
  if (refused !== 'AdmissionDenied' || isAdmission.test(message)) return refused
  return message.includes('is forbidden: ') && !isRbac.test(message) ? 'AdmissionDenied' : 'Forbidden'
}

/** Reasons why Kubernetes creates no pods. The operator's rights are not among them: the controller of ReplicaSets creates the pods. */
export type PodRefusalReason = Extract<
  ConditionReason,
  'QuotaExceeded' | 'AdmissionDenied' | 'ApiUnavailable' | 'ObjectTerminating' | 'InvalidObject' | 'GatewayProgressing'
>

/** Returns who refuses pods, by the text of a Deployment's condition. */
export function reasonOfPodRefusal(message: string): PodRefusalReason {
  if (isAdmission.test(message)) return 'AdmissionDenied'
  // The operator creates a deleted account again.
  if (/service ?account "?[^ ]+"? not found/.test(message)) return 'GatewayProgressing'
  if (/^(Pod|ReplicaSet\.apps) "[^"]*" is invalid: /.test(message)) return 'InvalidObject'
  return isUnavailable.test(message) ? 'ApiUnavailable' : reasonOfAdmission(message)
}

function reasonOfAdmission(message: string): 'QuotaExceeded' | 'AdmissionDenied' | 'ObjectTerminating' {
  if (isAdmission.test(message)) return 'AdmissionDenied'
  if (/(exceeded|failed|insufficient) quota/.test(message)) return 'QuotaExceeded'
  return /because it is being terminated/.test(message) ? 'ObjectTerminating' : 'AdmissionDenied'
}

/** Texts with which the API server reports the refusal of a webhook or a policy. */
const isAdmission = /admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*' .*denied request|violates PodSecurity/

/** https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/handlers/responsewriters/errors.go */
const isRbac = /User "[^"]*" cannot |cannot set blockOwnerDeletion|attempting to grant RBAC permissions/

/** Texts for a missing answer instead of a refusal: a webhook that is down, etcd, the quota's controller, an overloaded server. */
const isUnavailable =
  /failed calling webhook|failed to call webhook|Internal error occurred|status unknown for quota|timed out|deadline exceeded|connection refused|unable to handle the request|[Tt]oo many requests/

/** Returns the text of a failure. */
export function messageOf(failure: ActionFailure): string {
  return failure.of === 'kafka' ? failure.failure.detail : failure.error.message
}

/** Returns whether a retry soon makes sense: the request was not refused. */
export function isTransient(failure: ActionFailure): boolean {
  if (failure.of === 'kafka') return failure.failure.kind === 'unreachable' || failure.failure.kind === 'transient'
  const transient: readonly ApiError['kind'][] = ['conflict', 'gone', 'overloaded', 'unavailable', 'already-exists', 'not-found']
  return transient.includes(failure.error.kind)
}
