import type { Result } from '../../../program/result.ts'

/** What a topic is, as the brokers say. */
export interface TopicDescription {
  readonly name: string
  /** A UUID that no other topic has or had; null when the brokers tell none (before Kafka 2.8). */
  readonly topicId: string | null
  /** Of the cluster that the topic is in; null when the brokers tell none. */
  readonly clusterId: string | null
  readonly partitions: number
  readonly replicas: number
  /** Kafka made the topic for itself: `__consumer_offsets` and the like. */
  readonly isInternal: boolean
  /** What is set on this topic (`DYNAMIC_TOPIC_CONFIG`), not what it inherits. */
  readonly config: Readonly<Record<string, string>>
  /** The values in force of `judgedSettings`, whoever set them; what the brokers do not tell is missing. */
  readonly inForce: Readonly<Record<string, string>>
}

/** Settings that the operator judges even where it does not make them (`topic-usability.ts`). */
export const judgedSettings: readonly string[] = ['cleanup.policy', 'max.message.bytes', 'min.insync.replicas', 'retention.ms']

/** A cluster that answered, and does not have the topic. */
export interface MissingTopic {
  readonly name: string
  readonly clusterId: string | null
  /** Tells it apart from a description. */
  readonly partitions?: never
}

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  /** Null: the brokers' default. */
  readonly replicas: number | null
  readonly config: Readonly<Record<string, string>>
}

/**
 * unreachable: nobody answers, or not in time. unauthenticated, unauthorized: the brokers refuse these credentials, or what they may do.
 * already-exists, not-found: as it says. refused: the brokers will never take this (replication above the brokers, an invalid config, a
 * policy); `detail` has their words.
 */
export interface TopicFailure {
  readonly kind: 'unreachable' | 'unauthenticated' | 'unauthorized' | 'already-exists' | 'not-found' | 'refused' | 'transient'
  /** For people. Never a password. */
  readonly detail: string
  /** connection: no broker was spoken to, so that whoever named the address learns from `detail` what listens there. */
  readonly of?: 'connection'
}

/**
 * The topics of one Kafka cluster. Expected failures are values. The implementer joins the calls of one moment into one request each
 * (a describe for hundreds of channels is one), and gives every call a deadline (10 s). After a write that succeeded, brokers may describe
 * the state before it for a moment: who has just written looks again, and takes an old state for no news.
 */
export interface TopicAdmin {
  describe(name: string): Promise<Result<TopicDescription | MissingTopic, TopicFailure>>
  create(topic: NewTopic): Promise<Result<void, TopicFailure>>
  /** @param partitions the new number in all, above the present one */
  growPartitions(name: string, partitions: number): Promise<Result<void, TopicFailure>>
  /** Sets and unsets some entries; whatever else is set on the topic stays as it is. `null` unsets. */
  alterConfig(name: string, changes: Readonly<Record<string, string | null>>): Promise<Result<void, TopicFailure>>
  delete(name: string): Promise<Result<void, TopicFailure>>
}

export interface PasswordLogin {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

export interface TokenLogin {
  readonly mechanism: 'oauthbearer'
  readonly token: string
}

/** How a cluster is reached. Compared by value. */
export interface KafkaConnection {
  /** host:port */
  readonly brokers: readonly string[]
  /** Null: no TLS. PEM texts; null: the system's authorities, no client certificate. */
  readonly tls: { readonly ca: string | null; readonly certificate: string | null; readonly key: string | null } | null
  readonly sasl: PasswordLogin | TokenLogin | null
  /**
   * The channel named these brokers, and they are not the operator's own: they may be anything that the operator can reach. Their answers have narrower bounds, and
   * why they cannot be reached is told to the operator's log, not to the channel.
   */
  readonly isOfChannel?: true
}

/** Finds the admin of a cluster: one per connection, made when it is first asked for and closed when nobody has used it for a while. */
export interface TopicAdmins {
  of(connection: KafkaConnection): TopicAdmin
  /** Idempotent. */
  stop(): Promise<void>
}

export function isMissing(found: TopicDescription | MissingTopic): found is MissingTopic {
  return found.partitions === undefined
}

export function sameBrokers(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join(',') === [...b].sort().join(',')
}
