import type { ApiError } from '../runtime/kubernetes-api.ts'
import type { ActionFailure } from './actions.ts'
import type { ConditionReason } from './conditions.ts'
import type { TopicFailure } from './topic-admin.ts'

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

/** RBAC, quotas and admission all answer 403; only the words tell which. */
export function reasonOfDenial(message: string): ConditionReason {
  if (/exceeded quota|failed quota/.test(message)) return 'QuotaExceeded'
  return /admission|denied|violates|ValidatingAdmissionPolicy/i.test(message) ? 'AdmissionDenied' : 'Forbidden'
}

/** The words of a failure. */
export function wordsOf(failure: ActionFailure): string {
  return failure.of === 'kafka' ? failure.failure.detail : failure.error.message
}
