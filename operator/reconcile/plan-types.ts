import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import type { ApiError } from '../runtime/kubernetes-api.ts'
import type { ConditionReason } from './condition-reasons.ts'
import type { NewTopic, TopicFailure } from './topic/topic-admin.ts'
import type { TopicUse } from './topic/topic-uses.ts'
import type { RouteRecord, TopicRecord } from './world.ts'

/** Record of a topic for the status: after all actions on it, and after a failure of one. */
export interface PlannedRecord {
  readonly whenDone: TopicRecord | null
  readonly otherwise: TopicRecord | null
}

/**
 * Actions in their order, and their effects on the status, with the record of each topic by its use. Plain data: the same plan can be applied, printed, or
 * compared.
 */
export interface Plan extends Readonly<Record<TopicUse, PlannedRecord>> {
  /** paused: the channel's annotation stops all changes. deleting: the channel is being deleted. left: another operator manages it. */
  readonly phase: 'active' | 'paused' | 'deleting' | 'left'
  readonly actions: readonly Action[]
  /** Requests of the channel that are not carried out, or not yet, each with its reason. */
  readonly refusals: readonly Refusal[]
  /** Record of the route, in the same way: the host and paths that the channel has. */
  readonly route: { readonly whenDone: RouteRecord | null; readonly otherwise: RouteRecord | null }
  /** True if the Deployment is left as it is, or is not created yet, because the needs of its pods are not known. */
  readonly holdsGatewayBack: boolean
  /** Time until the next reconcile even if nothing changes in Kubernetes; null: no need. Milliseconds. */
  readonly requeueAfterMs: number | null
}

/** Condition about one part of a channel. `Ready` follows from all but RevocationReady. */
export type ConditionType = 'TopicReady' | 'GatewayAvailable' | 'RouteReady' | 'RevocationReady'

/** Reason why a request is not carried out: a person has to change something (`stalled` in the table of reasons), or it has to wait. */
export interface Refusal {
  /** Condition that becomes False. */
  readonly about: ConditionType
  readonly reason: ConditionReason
  /** The request, the state and the remedy. Without anything that changes between two reconciles. */
  readonly message: string
}

export type Action =
  /** `isAgain`: the channel had a topic, which was deleted. Without `use`, an action is on the channel's own topic. */
  | { readonly kind: 'create-topic'; readonly topic: NewTopic; readonly use?: TopicUse; readonly isAgain?: boolean }
  | { readonly kind: 'grow-partitions'; readonly use?: TopicUse; readonly name: string; readonly from: number; readonly to: number }
  | {
      readonly kind: 'alter-topic'
      readonly use?: TopicUse
      readonly name: string
      readonly changes: Readonly<Record<string, string | null>>
    }
  | { readonly kind: 'delete-topic'; readonly name: string }
  /**
   * Server-side apply with the operator's field manager, by force. `restartsPods`: the pod template changes. `lost`: the fields that are set back, or the mark of
   * a change. `takenBy`: the managers that own those fields now. `fields`: the changes, for people.
   */
  | {
      readonly kind: 'apply-object'
      readonly type: ResourceType
      readonly object: KubernetesObject
      readonly change: 'create' | 'change' | 'heal'
      readonly restartsPods: boolean
      readonly lost?: readonly string[]
      readonly takenBy?: readonly string[]
      readonly fields?: readonly FieldChange[]
    }
  /** Gives `spec.replicas` of the Deployment to another manager, so that leaving it out afterwards does not set it to 1. */
  | { readonly kind: 'hand-over-replicas'; readonly type: ResourceType; readonly object: KubernetesObject }
  | { readonly kind: 'delete-object'; readonly type: ResourceType; readonly ref: ObjectRef; readonly uid: string }
  /** Null takes the annotation away. */
  | { readonly kind: 'annotate-channel'; readonly annotation: string; readonly value: string | null }
  | { readonly kind: 'add-finalizer' }
  | {
      readonly kind: 'remove-finalizer'
      readonly because:
        | 'topic-deleted'
        | 'topic-kept'
        | 'topic-adopted'
        | 'topic-shared'
        | 'topic-not-allowed'
        | 'gave-up'
        | 'policy-is-retain'
    }

/** Change of a field by an apply. `from` or `to` undefined: the field is missing before, or after. */
export interface FieldChange {
  /** Path such as `spec.replicas`; items of lists that have names are named: `env[LOG_LEVEL].value`. */
  readonly path: string
  readonly from: unknown
  readonly to: unknown
}

/** Result of an action. Actions after the first failure of a stage are `not-tried`. */
export type Outcome =
  | { readonly kind: 'done'; readonly action: Action }
  | { readonly kind: 'failed'; readonly action: Action; readonly failure: ActionFailure }
  | { readonly kind: 'not-tried'; readonly action: Action }

export type ActionFailure =
  | { readonly of: 'kubernetes'; readonly error: ApiError }
  | { readonly of: 'kafka'; readonly failure: TopicFailure }
