import { describeKafkaError } from '../kafka-error.ts'

/** Names of the dead letter worker's resources on the brokers, as access control lists have them. */
export interface DeadLetterNames {
  readonly dlqTopic: string
  readonly groupId: string
}

/** Returns the name of the group that all pods of a channel share. */
export const groupIdOf = (options: { readonly kafkaClientId: string; readonly kafkaTopic: string }): string =>
  `${options.kafkaClientId}.${options.kafkaTopic}.dlq`

/** Describes a failure for people. A missing right is named with its resource, and with the operation to grant. */
export type DescribeTrouble = (cause: unknown) => string

export const plainly: DescribeTrouble = (cause) => describeKafkaError(cause).detail

const maxDepth = 10

export function createDescribeTrouble({ dlqTopic, groupId }: DeadLetterNames): DescribeTrouble {
  const grants: Readonly<Record<string, string | undefined>> = {
    TOPIC_AUTHORIZATION_FAILED: `Grant WRITE on the topic ${dlqTopic}, and READ on the topic of the channel`,
    GROUP_AUTHORIZATION_FAILED: `Grant READ on the group ${groupId}`,
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED: `Grant WRITE on the transactional ids that begin with ${groupId}.`,
  }
  return (cause) => {
    const detail = plainly(cause)
    for (let error: unknown = cause, depth = 0; error instanceof Error && depth < maxDepth; error = error.cause, depth++) {
      const grant = 'type' in error ? grants[String(error.type)] : undefined
      if (grant !== undefined) return `${detail}. ${grant}`
    }
    return detail
  }
}
