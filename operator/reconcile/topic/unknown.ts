import type { ConditionReason } from '../condition-reasons.ts'
import { reasonOfApiError, reasonOfTopicFailure } from '../failure-reasons.ts'
import type { Refusal } from '../plan-types.ts'
import type { ConnectionProblem, FoundTopic } from '../world.ts'

export interface UnknownTopic {
  readonly refusal: Refusal
  readonly requeueAfterMs: number
}

/** Time until brokers that were away are asked again. */
const brokersBackMs = 15_000

/** Time until slow brokers are asked again: the answer may be ready by then. */
const slowAnswerMs = 3_000

/** Time until a Secret is read again: its change is not watched. */
const secretMs = 15_000

/** Time until a grant or a setting is looked for again: no watch reports an ACL, a Role or a class. */
const grantMs = 60_000

/** Returns why the state of a topic is unknown, and when to read it again. */
export function unknownTopic(topic: Exclude<FoundTopic, { kind: 'present' | 'missing' }> | null | undefined): UnknownTopic {
  if (topic === null || topic === undefined) return wait('NotLookedAt', 'The topic has not been read yet.', brokersBackMs)
  if (topic.kind === 'no-connection') return explainProblem(topic.problem)
  const reason = reasonOfTopicFailure(topic.failure)
  const requeueAfterMs = topic.failure.kind === 'transient' ? slowAnswerMs : reason === 'KafkaUnreachable' ? brokersBackMs : grantMs
  return wait(reason, `${openings[topic.failure.kind]}: ${topic.failure.detail}`, requeueAfterMs)
}

const openings = {
  unreachable: 'Kafka does not answer',
  transient: 'Kafka did not complete the request',
  unauthenticated: 'Kafka refuses the credentials',
  unauthorized: 'Kafka does not allow the operator to describe the topic',
  refused: 'Kafka refuses to describe the topic',
  'already-exists': 'Kafka did not complete the request',
  'not-found': 'Kafka did not complete the request',
} as const

function explainProblem(problem: ConnectionProblem): UnknownTopic {
  switch (problem.kind) {
    case 'no-brokers':
      return wait(
        'KafkaNotConfigured',
        "Neither the channel nor the operator's options name a Kafka cluster. Set spec.kafka.bootstrapServers.",
        grantMs,
      )
    case 'secret-not-found':
      return wait(
        'SecretNotFound',
        `The Secret ${problem.secret}, which the channel names, does not exist in its namespace. Create it.`,
        secretMs,
      )
    case 'secret-key-missing':
      return wait(
        'SecretKeyMissing',
        `The Secret ${problem.secret} has no key ${problem.key}. Add the key, or name another key in the channel.`,
        secretMs,
      )
    case 'secret-key-empty':
      return wait(
        'SecretKeyMissing',
        `The key ${problem.key} of the Secret ${problem.secret} is empty. Write its value, or name another key in the channel.`,
        secretMs,
      )
    case 'secret-forbidden':
      return wait(
        'SecretForbidden',
        `The operator is not allowed to read the Secret ${problem.secret}. Grant it with a Role in this namespace (docs/rbac.md).`,
        grantMs,
      )
    case 'unavailable':
      return wait(reasonOfApiError(problem.error), `The credentials of Kafka could not be read: ${problem.error.message}`, secretMs)
    default:
      return problem satisfies never
  }
}

function wait(reason: ConditionReason, message: string, requeueAfterMs: number): UnknownTopic {
  return { refusal: { about: 'TopicReady', reason, message }, requeueAfterMs }
}
