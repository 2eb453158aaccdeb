import type { KafkaOfPods } from './kafka-of-pods.ts'
import type { TopicRules } from './topic/name-rules.ts'

/** The names that the operator writes into the cluster. They can never change: what was written under them could not be found again. */
export const names = {
  /** Owner, in server-side apply, of all fields that the operator sets. */
  fieldManager: 'carillon-operator',
  /** Holds `spec.replicas` of a Deployment from when the operator lets go of it until the HorizontalPodAutoscaler sets it. */
  handOverManager: 'carillon-operator-handover',
  /** Owes Kafka a deletion. On a channel while its deletionPolicy is Delete. */
  finalizer: 'carillon.dev/topic',
} as const

/** What the operator notes on objects that it applies. */
export const marks = {
  /** Hash of the object as it was applied: another one means that something else is wanted now. */
  applied: 'carillon.dev/applied',
  /** On a Deployment: hash of the pod template as it was applied: another one means that pods start anew. */
  appliedTemplate: 'carillon.dev/applied-template',
  /** The Lease of the operator that applied the object, as NAMESPACE/NAME: another one means that two operators look after the channel. */
  appliedBy: 'carillon.dev/applied-by',
} as const

/** What a plan knows of the operator it is made by: its options, as far as they shape what is made. */
export interface Settings {
  /** The Lease of this operator, as NAMESPACE/NAME. */
  readonly appliedBy: string
  /** Image of the gateways of channels that name none. */
  readonly image: string
  /** The cluster of channels that name none; null: each has to. */
  readonly defaultKafka: KafkaOfPods | null
  /** Namespaces that may reach the public port where a channel does not say; empty: everybody may. */
  readonly publicNamespaces: readonly string[]
  /** Namespaces that may reach /metrics where a channel does not say; empty: nobody may. */
  readonly metricsNamespaces: readonly string[]
  /** What channels may do with topics. */
  readonly topicRules: TopicRules
  /** So long after its deletion was asked for, a channel goes although Kafka does not delete its topic. */
  readonly topicGiveUpMs: number
}
