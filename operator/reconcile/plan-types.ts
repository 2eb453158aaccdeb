import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import type { ApiError } from '../runtime/kubernetes-api.ts'
import type { ConditionReason } from './condition-reasons.ts'
import type { NewTopic, TopicFailure } from './topic/topic-admin.ts'
import type { RouteRecord, TopicRecord, TopicUse } from './world.ts'

/** What there is to do, in this order. Plain data: the same plan can be carried out, printed, or compared. */
export interface Plan {
  /** paused: somebody asked for nothing to be done. deleting: the channel goes, and with it all that it owes. left: another operator looks after it. */
  readonly phase: 'active' | 'paused' | 'deleting' | 'left'
  readonly actions: readonly Action[]
  /** What was asked for and will not be done, or not yet, each with its reason. */
  readonly refusals: readonly Refusal[]
  /** What the status is to remember of the topic: when all actions on it are done, and when one of them is not. */
  readonly topic: { readonly whenDone: TopicRecord | null; readonly otherwise: TopicRecord | null }
  /** The same of the topic of dead letters. */
  readonly deadLetters: { readonly whenDone: TopicRecord | null; readonly otherwise: TopicRecord | null }
  /** The same of the route: the host and paths that the channel has. */
  readonly route: { readonly whenDone: RouteRecord | null; readonly otherwise: RouteRecord | null }
  /** The Deployment is left as it is, or is not made yet: what its pods need is not known. */
  readonly holdsGatewayBack: boolean
  /** Look again after this time although nothing changes (something outside of Kubernetes is waited for); null: no need. Milliseconds. */
  readonly requeueAfterMs: number | null
}

/**
 * What keeps something that was asked for from being done: a thing that will not be done until somebody changes something (`stalled`, in the
 * table of reasons), or one that has to wait.
 */
export interface Refusal {
  /** The condition that it makes False. */
  readonly about: 'TopicReady' | 'GatewayAvailable' | 'RouteReady'
  readonly reason: ConditionReason
  /** What was asked, what is, and what to do. Without anything that changes from one look to the next. */
  readonly message: string
}

export type Action =
  /** `isAgain`: there was one, which somebody deleted. @default use topic */
  | { readonly kind: 'create-topic'; readonly topic: NewTopic; readonly use?: TopicUse; readonly isAgain?: boolean }
  | { readonly kind: 'grow-partitions'; readonly name: string; readonly from: number; readonly to: number }
  | { readonly kind: 'alter-topic'; readonly name: string; readonly changes: Readonly<Record<string, string | null>> }
  | { readonly kind: 'delete-topic'; readonly name: string }
  /**
   * By server-side apply with the operator's field manager, by force. `restartsPods`: the pod template is another than before. `lost`: the fields that are set back,
   * `takenBy`: who owns them now; a change has its mark there. `fields`: what changes, for people.
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

/** What an apply changes of a field. `from` or `to` undefined: the field is not there before, or after. */
export interface FieldChange {
  /** As `spec.replicas`; items of lists that have names are named: `env[LOG_LEVEL].value`. */
  readonly path: string
  readonly from: unknown
  readonly to: unknown
}

/** What came of an action. Those after the first failure of a stage are `not-tried`. */
export type Outcome =
  | { readonly kind: 'done'; readonly action: Action }
  | { readonly kind: 'failed'; readonly action: Action; readonly failure: ActionFailure }
  | { readonly kind: 'not-tried'; readonly action: Action }

export type ActionFailure =
  | { readonly of: 'kubernetes'; readonly error: ApiError }
  | { readonly of: 'kafka'; readonly failure: TopicFailure }
