import type { ApiError } from '../runtime/kubernetes-api.ts'
import type { ActionFailure } from './plan-types.ts'
import type { ConditionReason } from './condition-reasons.ts'
import type { TopicFailure } from './topic/topic-admin.ts'

/** A failure as a reason of the closed table. */
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
    // Somebody was faster; the next look at the topic says what is.
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
 * RBAC, quotas, admission and the end of a namespace all answer 403. Only the words tell which. The server begins its own with `is forbidden:`,
 * and only RBAC's name a user or what an account cannot do; what has no words of the server is taken for RBAC's.
 */
export function reasonOfDenial(message: string): ConditionReason {
  const refused = reasonOfAdmission(message)
  if (refused !== 'AdmissionDenied' || isAdmission.test(message)) return refused
  return message.includes('is forbidden: ') && !isRbac.test(message) ? 'AdmissionDenied' : 'Forbidden'
}

/** Reasons why Kubernetes makes no pods. The operator's rights are none of them: the controller of ReplicaSets makes the pods, and may. */
export type PodRefusalReason = Extract<
  ConditionReason,
  'QuotaExceeded' | 'AdmissionDenied' | 'ApiUnavailable' | 'ObjectTerminating' | 'InvalidObject' | 'GatewayProgressing'
>

/** Returns who refuses pods, by the words of a Deployment's condition. */
export function reasonOfPodRefusal(message: string): PodRefusalReason {
  if (isAdmission.test(message)) return 'AdmissionDenied'
  // The operator makes the account anew when it is gone.
  if (/service ?account "?[^ ]+"? not found/.test(message)) return 'GatewayProgressing'
  if (/^(Pod|ReplicaSet\.apps) "[^"]*" is invalid: /.test(message)) return 'InvalidObject'
  return isUnavailable.test(message) ? 'ApiUnavailable' : reasonOfAdmission(message)
}

function reasonOfAdmission(message: string): 'QuotaExceeded' | 'AdmissionDenied' | 'ObjectTerminating' {
  if (isAdmission.test(message)) return 'AdmissionDenied'
  if (/(exceeded|failed|insufficient) quota/.test(message)) return 'QuotaExceeded'
  return /because it is being terminated/.test(message) ? 'ObjectTerminating' : 'AdmissionDenied'
}

/** A webhook or a policy that said no, in the API server's own words around theirs. */
const isAdmission = /admission webhook "[^"]*" denied the request|ValidatingAdmissionPolicy '[^']*' .*denied request|violates PodSecurity/

/** https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/handlers/responsewriters/errors.go */
const isRbac = /User "[^"]*" cannot |cannot set blockOwnerDeletion|attempting to grant RBAC permissions/

/** What did not say no, but did not answer: a webhook that is down, etcd, the quota's controller, a server in trouble. */
const isUnavailable =
  /failed calling webhook|failed to call webhook|Internal error occurred|status unknown for quota|timed out|deadline exceeded|connection refused|unable to handle the request|[Tt]oo many requests/

/** The words of a failure. */
export function wordsOf(failure: ActionFailure): string {
  return failure.of === 'kafka' ? failure.failure.detail : failure.error.message
}

/** Whether trying again soon makes sense: nobody has said no. */
export function isTransient(failure: ActionFailure): boolean {
  if (failure.of === 'kafka') return failure.failure.kind === 'unreachable' || failure.failure.kind === 'transient'
  const transient: readonly ApiError['kind'][] = ['conflict', 'gone', 'overloaded', 'unavailable', 'already-exists', 'not-found']
  return transient.includes(failure.error.kind)
}
