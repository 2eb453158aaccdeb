import type { Result } from '../../../program/result.ts'

/** State of a topic, as the brokers report it. */
export interface TopicDescription {
  readonly name: string
  /** UUID that no other topic has or had; null: the brokers report none (before Kafka 2.8). */
  readonly topicId: string | null
  /** Id of the topic's cluster; null: the brokers report none. */
  readonly clusterId: string | null
  readonly partitions: number
  readonly replicas: number
  /** True if the topic is internal to Kafka, such as `__consumer_offsets`. */
  readonly isInternal: boolean
  /** Settings of this topic itself (`DYNAMIC_TOPIC_CONFIG`), without inherited ones. */
  readonly config: Readonly<Record<string, string>>
  /** Values in force of `checkedSettings`, inherited ones included. Values that the brokers do not report are missing. */
  readonly inForce: Readonly<Record<string, string>>
}

/** Settings that the operator checks even where it does not make them (`usability.ts`). */
export const checkedSettings: readonly string[] = ['cleanup.policy', 'max.message.bytes', 'min.insync.replicas', 'retention.ms']

/** Answer of a cluster that does not have the topic. */
export interface MissingTopic {
  readonly name: string
  readonly clusterId: string | null
  /** Distinguishes this answer from a description. */
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
 * unreachable: no broker answers in time. unauthenticated, unauthorized: the brokers refuse the credentials, or their use for this request.
 * refused: the brokers will never accept the request (replication above the number of brokers, an invalid config, a policy), and `detail` quotes them.
 */
export interface TopicFailure {
  readonly kind: 'unreachable' | 'unauthenticated' | 'unauthorized' | 'already-exists' | 'not-found' | 'refused' | 'transient'
  /** Text for people, never with a password. */
  readonly detail: string
  /** connection: no broker answered in Kafka's protocol, so `detail` reveals what listens at the address. */
  readonly of?: 'connection'
}

/**
 * Topics of one Kafka cluster. Expected failures are values.
 *
 * The implementer joins simultaneous calls into one request of each kind (one describe for hundreds of channels), and gives every call a deadline (10 s). For a
 * moment after a successful write, brokers may still describe the old state. So a caller reads again after its own write, and an old state is not news.
 */
export interface TopicAdmin {
  describe(name: string): Promise<Result<TopicDescription | MissingTopic, TopicFailure>>
  create(topic: NewTopic): Promise<Result<void, TopicFailure>>
  /** @param partitions new total, above the present one */
  growPartitions(name: string, partitions: number): Promise<Result<void, TopicFailure>>
  /** Sets and unsets some entries. All other settings of the topic stay. `null` unsets. */
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

/** Addresses and credentials of a cluster. Compared by value. */
export interface KafkaConnection {
  /** host:port */
  readonly brokers: readonly string[]
  /** PEM texts. Null: no TLS. `ca` null: the system's authorities. `certificate` null: no client certificate. */
  readonly tls: { readonly ca: string | null; readonly certificate: string | null; readonly key: string | null } | null
  readonly sasl: PasswordLogin | TokenLogin | null
  /**
   * True if the channel named these brokers, and they are not the operator's own. They may be any address that the operator can reach. So their answers have
   * narrower bounds, and only the operator's log says why they cannot be reached.
   */
  readonly isOfChannel?: true
}

/** Finds the admin of a cluster: one per connection, created on first use and closed when it is idle. */
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
