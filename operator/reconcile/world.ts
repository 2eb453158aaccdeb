import type { Result } from '../../program/result.ts'
import {
  annotations,
  type RealtimeChannel,
  type RealtimeChannelSpec,
  type RealtimeChannelStatus,
} from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import type { ApiError } from '../runtime/kubernetes-api.ts'
import { names } from './settings.ts'
import type { MissingTopic, TopicDescription, TopicFailure } from './topic/topic-admin.ts'
import type { TopicRules } from './topic/name-rules.ts'
import type { TopicUse } from './topic/topic-uses.ts'

/**
 * State of one channel, read again for each reconcile (`observe.ts`). Besides the operator's settings, `planChannel` and `renderStatus` know nothing else. Plain
 * data.
 */
export interface World extends FoundTopics {
  /** Milliseconds since 1970. */
  readonly nowMs: number
  readonly channel: RealtimeChannel
  /** Objects by `childKey`: those with the names of the channel's children, and those with its label and owner reference. */
  readonly children: ReadonlyMap<ChildKey, Found>
  /** Records of the topics in the status. */
  readonly records: TopicRecords
  /** Rules for what this channel may do with topics. */
  readonly topicRules: TopicRules
  /** Sources of the channel's values. */
  readonly underClass: UnderClass
  /** Channels that claim what this one claims. */
  readonly rivals: Rivals
  readonly route: FoundRoute
  /** Routes that no operator made, at or below the paths of this channel; the first few. */
  readonly otherRoutes: readonly OtherRoute[]
  /** True if the cluster assigns the users of pods, and refuses pods that choose one; an error: the API server has never answered. */
  readonly assignsPodUsers: Result<boolean, ApiError>
  /** Gateway pods that are not ready, at most ten; empty when the Deployment is available. */
  readonly troubledPods: readonly TroubledPod[]
  /** Another operator, whose mark is on the channel's objects and which is not known to be gone; null: this operator is in charge. */
  readonly inCharge: OtherOperator | null
  /** Another operator whose annotation says that it leaves the channel to the one in charge. */
  readonly bystander: OtherOperator | null
  /** Contested fields by `healKey`: another client changes them as often as the operator sets them back (`heal-meter.ts`). */
  readonly contested: ReadonlyMap<HealKey, Contest>
}

/** `Kind/name field` */
export type HealKey = string & { readonly brand: 'HealKey' }

export interface Contest {
  /** Time at which the field was last set back. Milliseconds since 1970. */
  readonly lastHealMs: number
  /** Time for which the field is then left alone. */
  readonly pauseMs: number
  /** True if the field was already set back after a pause. */
  readonly hasWaited: boolean
  /** Managers that took the field, as the object says. */
  readonly takenBy: readonly string[]
}

/** Operator, identified by the Lease that its leader holds. */
export interface OtherOperator {
  /** NAMESPACE/NAME */
  readonly lease: string
  /** unknown: the Lease cannot be read. */
  readonly state: 'alive' | 'unknown' | 'gone'
}

/** Class and written spec that the channel results from. */
export interface UnderClass {
  /** Null: the channel has no class. */
  readonly name: string | null
  /** Spec as it was written, without defaults. */
  readonly written: RealtimeChannelSpec
  /** Brokers of the channel, of its class, or of the operator's options; empty: none of them names any. */
  readonly brokers: readonly string[]
}

/** `Kind/name`, in the namespace of the channel. */
export type ChildKey = string & { readonly brand: 'ChildKey' }

export type Found =
  | { readonly kind: 'object'; readonly type: ResourceType; readonly object: KubernetesObject }
  /** The API server does not know this kind (Gateway API is not installed), or refused to answer (RBAC). */
  | { readonly kind: 'unknown'; readonly type: ResourceType; readonly error: ApiError }

/** Topics by use; null: Kafka was not asked, or the channel has no such topic and had none. */
export type FoundTopics = Readonly<Record<TopicUse, FoundTopic | null>>

export type FoundTopic =
  | { readonly kind: 'present'; readonly topic: TopicDescription }
  | { readonly kind: 'missing'; readonly topic: MissingTopic }
  | { readonly kind: 'failed'; readonly failure: TopicFailure }
  /** The operator has no credentials, or no addresses. */
  | { readonly kind: 'no-connection'; readonly problem: ConnectionProblem }

/** Reason why the operator cannot reach the Kafka of a channel, before it asked any broker. */
export type ConnectionProblem =
  | { readonly kind: 'no-brokers' }
  | { readonly kind: 'secret-not-found'; readonly secret: string }
  | { readonly kind: 'secret-key-missing'; readonly secret: string; readonly key: string }
  /** The key exists and is empty. */
  | { readonly kind: 'secret-key-empty'; readonly secret: string; readonly key: string }
  /** RBAC does not let the operator read the Secret: docs/rbac.md has the Role. */
  | { readonly kind: 'secret-forbidden'; readonly secret: string }
  | { readonly kind: 'unavailable'; readonly error: ApiError }

/** Channels that have what this channel claims, too. */
export interface Rivals extends TopicRivals {
  readonly route: RouteRival | null
}

/** Channel that has a path which collides with a path of this channel. */
export interface RouteRival {
  readonly channel: ObjectRef
  /** Requested host and path of this channel. */
  readonly path: string
  /** Host and path of the other channel. */
  readonly taken: string
}

/** Ingress or HTTPRoute that no operator made. */
export interface OtherRoute extends ObjectRef {
  readonly kind: string
  /** Host and path of the route. */
  readonly address: string
}

/** `status.topic`: knowledge of a topic that survives a restart of the operator. */
export type TopicRecord = NonNullable<RealtimeChannelStatus['topic']>

/** Records by use; null: the status has no record of a topic with the name that the channel asks for. */
export type TopicRecords = Readonly<Record<TopicUse, TopicRecord | null>>

/** `status.route`: the host and paths that the channel keeps, also after a restart of the operator. */
export type RouteRecord = NonNullable<RealtimeChannelStatus['route']>

/** By use: the channel that has the topic instead of this one (`topic/claims.ts`). */
export interface TopicRivals extends Readonly<Record<TopicUse, TopicRival | null>> {
  /** By use: another channel whose status remembers the same topic, whether or not it has the topic. */
  readonly alsoUsing: Readonly<Record<TopicUse, ObjectRef | null>>
}

export interface TopicRival extends ObjectRef {
  readonly use: TopicUse
}

export type FoundRoute =
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'ok' }
  | { readonly kind: 'class-not-found'; readonly className: string }
  | { readonly kind: 'no-default-class' }
  | { readonly kind: 'gateway-not-found'; readonly gateway: ObjectRef }
  | { readonly kind: 'gateway-api-missing' }
  /** The cluster serves another version of the Gateway API than v1. */
  | { readonly kind: 'gateway-api-too-old'; readonly version: string }
  /** The API server did not answer, for which no route is refused. */
  | { readonly kind: 'unknown'; readonly error: ApiError }

export interface TroubledPod {
  readonly name: string
  /** Reason of Kubernetes: ImagePullBackOff, CreateContainerConfigError, CrashLoopBackOff, FailedMount, Unschedulable ... */
  readonly reason: string
  readonly message: string
}

export function healKey(child: ChildKey, field: string): HealKey {
  // The only place that makes such a key.
  return `${child} ${field}` as HealKey
}

export function childKey(kind: string, name: string): ChildKey {
  // The only place that makes such a key.
  return `${kind}/${name}` as ChildKey
}

/** Path of the operator's finalizer in a channel. */
export const finalizerField = `metadata.finalizers[${names.finalizer}]`

/** Returns whether the channel asks for nothing to be changed. */
export function isPaused({ metadata }: Pick<RealtimeChannel, 'metadata'>): boolean {
  return metadata.annotations?.[annotations.paused] === 'true'
}
