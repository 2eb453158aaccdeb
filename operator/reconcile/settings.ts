import type { KafkaOfPods } from './kafka-of-pods.ts'
import type { TopicRules } from './topic/name-rules.ts'

/** Names that the operator writes into the cluster. They can never change: the operator would not find again what it wrote under them. */
export const names = {
  /** Owner, in server-side apply, of all fields that the operator sets. */
  fieldManager: 'carillon-operator',
  /** Holds `spec.replicas` of a Deployment from when the operator lets go of it until the HorizontalPodAutoscaler sets it. */
  handOverManager: 'carillon-operator-handover',
  /** Finalizer of a channel whose deletionPolicy is Delete: its topic must be deleted first. */
  finalizer: 'carillon.dev/topic',
} as const

/** Annotations of the objects that the operator applies. */
export const marks = {
  /** Hash of the object as it was applied. A different hash means that the wanted object has changed. */
  applied: 'carillon.dev/applied',
  /** On a Deployment: hash of the pod template as it was applied. A different hash means that pods are replaced. */
  appliedTemplate: 'carillon.dev/applied-template',
  /** Lease of the operator that applied the object, as NAMESPACE/NAME. A different Lease means that two operators reconcile the channel. */
  appliedBy: 'carillon.dev/applied-by',
} as const

/** The operator's options, as far as they shape a plan. */
export interface Settings {
  /** Lease of this operator, as NAMESPACE/NAME. */
  readonly appliedBy: string
  /** Image of the gateways of channels that name none. */
  readonly image: string
  /** Kafka cluster of channels that name none; null: each channel must name one. */
  readonly defaultKafka: KafkaOfPods | null
  /** Namespaces that may reach the public port of a channel that names no peers; empty: every peer may. */
  readonly publicNamespaces: readonly string[]
  /** Namespaces that may reach /metrics of a channel that names no peers; empty: no peer may. */
  readonly metricsNamespaces: readonly string[]
  /** Rules for what channels may do with topics. */
  readonly topicRules: TopicRules
  /** Time after which a channel that is being deleted goes, although Kafka has not deleted its topic. */
  readonly topicGiveUpMs: number
}
