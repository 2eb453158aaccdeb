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

/**
 * What was found for one channel, read fresh for each reconcile (`observe.ts`), and all that `planChannel` and `renderStatus` know besides the
 * operator's settings. Plain data.
 */
export interface World {
  /** Milliseconds since 1970. */
  readonly nowMs: number
  readonly channel: RealtimeChannel
  /** By `childKey`: objects that have the names of the channel's children, or that its label and owner reference say are its own. */
  readonly children: ReadonlyMap<ChildKey, Found>
  /** Null while nobody has asked: the connection could not be made out. */
  readonly topic: FoundTopic | null
  /** The topic of dead letters; null as above, or because the channel wants none and had none. */
  readonly deadLetters: FoundTopic | null
  /** What the status remembers of the two topics. */
  readonly records: TopicRecords
  /** What this channel may do with topics. */
  readonly topicRules: TopicRules
  /** What the channel is made of. */
  readonly underClass: UnderClass
  /** What other channels claim. */
  readonly rivals: Rivals
  readonly route: FoundRoute
  /** Routes that no operator made, at or below the paths of this channel; a few at most. */
  readonly otherRoutes: readonly OtherRoute[]
  /** Whether the cluster assigns the users of pods, and refuses pods that ask for one of their own choice; an error: that was never found out. */
  readonly assignsPodUsers: Result<boolean, ApiError>
  /** Of the gateway's pods that are not ready, at most ten; empty when the Deployment is available. */
  readonly troubledPods: readonly TroubledPod[]
  /** Another operator, whose mark is on the channel's objects and who is not known to be gone; null: this one is in charge. */
  readonly inCharge: OtherOperator | null
  /** Another operator that said on the channel that it leaves it to the one in charge. */
  readonly bystander: OtherOperator | null
  /** By `healKey`: fields of the channel's objects that something else changes as often as they are set back (`heal-meter.ts`). */
  readonly contested: ReadonlyMap<HealKey, Contest>
}

/** `Kind/name field` */
export type HealKey = string & { readonly brand: 'HealKey' }

export interface Contest {
  /** When the field was set back last. Milliseconds since 1970. */
  readonly lastHealMs: number
  /** So long it is left as it is after that. */
  readonly pauseMs: number
  /** It was set back after a pause already. */
  readonly hasWaited: boolean
  /** Who took it, as the object says. */
  readonly takenBy: readonly string[]
}

/** An operator, by the Lease that its leader holds. */
export interface OtherOperator {
  /** NAMESPACE/NAME */
  readonly lease: string
  /** unknown: its Lease cannot be read. */
  readonly state: 'alive' | 'unknown' | 'gone'
}

/** How the channel came to be what it is. */
export interface UnderClass {
  /** Null: the channel has no class. */
  readonly name: string | null
  /** As people wrote it. */
  readonly written: RealtimeChannelSpec
  /** The brokers of the channel, of its class, or of the operator's options; empty: none of them names any. */
  readonly brokers: readonly string[]
}

/** `Kind/name`, in the namespace of the channel. */
export type ChildKey = string & { readonly brand: 'ChildKey' }

export type Found =
  | { readonly kind: 'object'; readonly type: ResourceType; readonly object: KubernetesObject }
  /** The API server does not know this kind (Gateway API is not installed), or would not say (RBAC). */
  | { readonly kind: 'unknown'; readonly type: ResourceType; readonly error: ApiError }

export type FoundTopic =
  | { readonly kind: 'present'; readonly topic: TopicDescription }
  | { readonly kind: 'missing'; readonly topic: MissingTopic }
  | { readonly kind: 'failed'; readonly failure: TopicFailure }
  /** The operator could not get at the credentials, or at the addresses. */
  | { readonly kind: 'no-connection'; readonly problem: ConnectionProblem }

/** Why the operator cannot reach the Kafka of a channel, before any broker was asked. */
export type ConnectionProblem =
  | { readonly kind: 'no-brokers' }
  | { readonly kind: 'secret-not-found'; readonly secret: string }
  | { readonly kind: 'secret-key-missing'; readonly secret: string; readonly key: string }
  /** The key is there, with nothing in it. */
  | { readonly kind: 'secret-key-empty'; readonly secret: string; readonly key: string }
  /** RBAC lets the operator not read it: docs/rbac.md says how a Role does. */
  | { readonly kind: 'secret-forbidden'; readonly secret: string }
  | { readonly kind: 'unavailable'; readonly error: ApiError }

/** Channels that have what this one claims too. */
export interface Rivals extends TopicRivals {
  readonly route: RouteRival | null
}

/** The channel that has a path which collides with one of this channel. */
export interface RouteRival {
  readonly channel: ObjectRef
  /** Host and path that this channel asks for. */
  readonly path: string
  /** Host and path that the other has. */
  readonly taken: string
}

/** An Ingress or HTTPRoute that no operator made. */
export interface OtherRoute extends ObjectRef {
  readonly kind: string
  /** Its host and path. */
  readonly address: string
}

/** `status.topic`: what the operator knows again of a topic after a restart. */
export type TopicRecord = NonNullable<RealtimeChannelStatus['topic']>

/** By use: null while the status remembers nothing of a topic with the name that the channel asks for. */
export type TopicRecords = Readonly<Record<TopicUse, TopicRecord | null>>

/** `status.route`: by it a channel keeps what it has, also after a restart of the operator. */
export type RouteRecord = NonNullable<RealtimeChannelStatus['route']>

/** What a channel uses a topic for: its events, or its dead letters. */
export type TopicUse = 'topic' | 'deadLetters'

/** By use: the channel that has the topic in place of this one (`topic-claims.ts`). */
export interface TopicRivals extends Readonly<Record<TopicUse, TopicRival | null>> {
  /** By use: another channel whose status remembers the very topic that was found, whoever of the two has it. */
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
  /** It could not be found out; nobody is refused for that. */
  | { readonly kind: 'unknown'; readonly error: ApiError }

export interface TroubledPod {
  readonly name: string
  /** Kubernetes' word: ImagePullBackOff, CreateContainerConfigError, CrashLoopBackOff, FailedMount, Unschedulable ... */
  readonly reason: string
  readonly message: string
}

export function healKey(child: ChildKey, field: string): HealKey {
  // The only place where one is made.
  return `${child} ${field}` as HealKey
}

export function childKey(kind: string, name: string): ChildKey {
  // The only place where one is made.
  return `${kind}/${name}` as ChildKey
}

/** The field of the channel in which its finalizer is. */
export const finalizerField = `metadata.finalizers[${names.finalizer}]`

/** Returns whether the channel asks for nothing to be changed. */
export function isPaused({ metadata }: Pick<RealtimeChannel, 'metadata'>): boolean {
  return metadata.annotations?.[annotations.paused] === 'true'
}
