import type { ConditionReason } from '../condition-reasons.ts'
import { reasonOfApiError, reasonOfTopicFailure } from '../failure-reasons.ts'
import type { Refusal } from '../plan-types.ts'
import type { ConnectionProblem, FoundTopic } from '../world.ts'

export interface UnknownTopic {
  readonly refusal: Refusal
  readonly requeueAfterMs: number
}

/** Brokers that were away for a moment are soon back. */
const soonMs = 15_000

/** Brokers that are slow to answer are asked for while nobody waits; who comes back finds the answer. */
const momentMs = 3_000

/** Somebody has to do something that no watch tells of: a Secret, an ACL, a Role. */
const laterMs = 60_000

/** Why nothing is known of the topic, and when to look again. */
export function unknownTopic(topic: Exclude<FoundTopic, { kind: 'present' | 'missing' }> | null | undefined): UnknownTopic {
  if (topic === null || topic === undefined) return wait('NotLookedAt', 'The topic has not been looked at yet.', soonMs)
  if (topic.kind === 'no-connection') return explainProblem(topic.problem)
  const reason = reasonOfTopicFailure(topic.failure)
  const requeueAfterMs = topic.failure.kind === 'transient' ? momentMs : reason === 'KafkaUnreachable' ? soonMs : laterMs
  return wait(reason, `${openings[topic.failure.kind]}: ${topic.failure.detail}`, requeueAfterMs)
}

const openings = {
  unreachable: 'Kafka does not answer',
  transient: 'Kafka does not answer as it should',
  unauthenticated: 'Kafka refuses the credentials',
  unauthorized: 'Kafka does not allow the operator to look at the topic',
  refused: 'Kafka refuses to tell of the topic',
  'already-exists': 'Kafka does not answer as it should',
  'not-found': 'Kafka does not answer as it should',
} as const

function explainProblem(problem: ConnectionProblem): UnknownTopic {
  switch (problem.kind) {
    case 'no-brokers':
      return wait(
        'KafkaNotConfigured',
        "Neither the channel nor the operator's options name a Kafka cluster. Set spec.kafka.bootstrapServers.",
        laterMs,
      )
    case 'secret-not-found':
      return wait(
        'SecretNotFound',
        `The channel names the Secret ${problem.secret}, and there is none in its namespace. Create it.`,
        soonMs,
      )
    case 'secret-key-missing':
      return wait(
        'SecretKeyMissing',
        `The Secret ${problem.secret} has no key ${problem.key}. Add it, or name another in the channel.`,
        soonMs,
      )
    case 'secret-key-empty':
      return wait(
        'SecretKeyMissing',
        `The key ${problem.key} of the Secret ${problem.secret} is empty. Write its value, or name another key in the channel.`,
        soonMs,
      )
    case 'secret-forbidden':
      return wait(
        'SecretForbidden',
        `The operator may not read the Secret ${problem.secret}. Grant it with a Role in this namespace (docs/rbac.md has it).`,
        laterMs,
      )
    case 'unavailable':
      return wait(reasonOfApiError(problem.error), `The credentials of Kafka could not be read: ${problem.error.message}`, soonMs)
    default:
      return problem satisfies never
  }
}

function wait(reason: ConditionReason, message: string, requeueAfterMs: number): UnknownTopic {
  return { refusal: { about: 'TopicReady', reason, message }, requeueAfterMs }
}
