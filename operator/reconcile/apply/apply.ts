import type { Result } from '../../../program/result.ts'
import { channelType, type RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import type { Action, ActionFailure, Outcome } from '../plan-types.ts'
import type { ChildEchoes } from '../watch/child-echoes.ts'
import { overwrite } from './overwrite.ts'
import type { TopicAdmin, TopicFailure } from '../topic/topic-admin.ts'
import { childKey, type ChildKey } from '../world.ts'
import { refOf } from '../../../api/object-ref.ts'

export interface ApplierParts {
  readonly api: Pick<KubernetesApi, 'apply' | 'delete' | 'get' | 'mergePatch'>
  readonly children: Pick<ChildEchoes, 'applied' | 'deleted'>
  readonly names: { readonly fieldManager: string; readonly handOverManager: string; readonly finalizer: string }
  /** Returns false when this process is not the leader any more and must not write. Checked before each write. */
  readonly mayWrite: () => boolean
}

/** Results of applying a plan. The status is then rendered from the new state, not from the old one. */
export interface Applied {
  readonly outcomes: readonly Outcome[]
  /** Response of the server for each child. Null: the child was deleted. */
  readonly objects: ReadonlyMap<ChildKey, KubernetesObject | null>
  /** The channel with its current version and finalizers. */
  readonly channel: RealtimeChannel
}

export interface Target {
  readonly channel: RealtimeChannel
  /** Null: there is no Kafka connection, and no action needs one. */
  readonly admin: TopicAdmin | null
}

export type Applier = (actions: readonly Action[], target: Target) => Promise<Applied>

/**
 * Applies actions in order. Neighbouring objects, and neighbouring topics, are applied at the same time. A failure does not stop the other
 * actions, which were planned for the state as it was. There are two exceptions. No topic is created when the finalizer could not be added.
 * And the finalizer stays when the topic could not be deleted.
 */
export function createApplier(parts: ApplierParts): Applier {
  return async (actions, target) => {
    const objects = new Map<ChildKey, KubernetesObject | null>()
    const outcomes: Outcome[] = []
    let { channel } = target
    for (const group of groupsOf(actions)) {
      if (isBlocked(outcomes) || !parts.mayWrite()) {
        outcomes.push(...group.map((action) => ({ kind: 'not-tried', action }) as const))
        continue
      }
      const results = await Promise.all(group.map((action) => applyAction(action, { channel, admin: target.admin }, parts)))
      for (const { outcome, made } of results) {
        outcomes.push(outcome)
        if (made?.kind === 'child') objects.set(made.key, made.object)
        if (made?.kind === 'channel') channel = { ...channel, metadata: made.object.metadata }
      }
    }
    return { outcomes, objects, channel }
  }
}

/** Groups neighbouring actions that may be applied at the same time. */
function groupsOf(actions: readonly Action[]): readonly (readonly Action[])[] {
  return actions.reduce<readonly (readonly Action[])[]>((groups, action) => {
    const last = groups.at(-1)
    const joins = (action.kind === 'apply-object' || action.kind === 'create-topic') && last?.[0]?.kind === action.kind
    return joins && last !== undefined ? [...groups.slice(0, -1), [...last, action]] : [...groups, [action]]
  }, [])
}

function isBlocked(outcomes: readonly Outcome[]): boolean {
  return outcomes.some(({ kind, action }) => kind === 'failed' && (action.kind === 'add-finalizer' || action.kind === 'delete-topic'))
}

type Made =
  | { readonly kind: 'child'; readonly key: ChildKey; readonly object: KubernetesObject | null }
  | { readonly kind: 'channel'; readonly object: KubernetesObject }

interface ActionResult {
  readonly outcome: Outcome
  readonly made: Made | null
}

function applyAction(action: Action, target: Target, parts: ApplierParts): Promise<ActionResult> {
  switch (action.kind) {
    case 'create-topic':
      return onKafka(action, target, (admin) => admin.create(action.topic), 'already-exists')
    case 'grow-partitions':
      return onKafka(action, target, (admin) => admin.growPartitions(action.name, action.to))
    case 'alter-topic':
      return onKafka(action, target, (admin) => admin.alterConfig(action.name, action.changes))
    case 'delete-topic':
      return onKafka(action, target, (admin) => admin.delete(action.name), 'not-found')
    case 'apply-object':
    case 'hand-over-replicas':
      return applyObject(action, target, parts)
    case 'delete-object':
      return deleteObject(action, target, parts)
    case 'annotate-channel':
      return annotateChannel(action, target, parts)
    case 'add-finalizer':
    case 'remove-finalizer':
      return patchFinalizer(action, target, parts)
    default:
      return action satisfies never
  }
}

/** Runs an action on Kafka. @param accepted the failure that counts as success, because another writer was faster */
async function onKafka(
  action: Action,
  { admin }: Target,
  ask: (admin: TopicAdmin) => Promise<Result<void, TopicFailure>>,
  accepted?: TopicFailure['kind'],
): Promise<ActionResult> {
  if (admin === null) throw new Error(`${action.kind} was planned without a Kafka connection`)
  const answer = await ask(admin)
  const isDone = answer.ok || answer.error.kind === accepted
  return { outcome: isDone ? { kind: 'done', action } : failedAs(action, { of: 'kafka', failure: answer.error }), made: null }
}

type ApplyAction = Extract<Action, { kind: 'apply-object' | 'hand-over-replicas' }>

async function applyObject(action: ApplyAction, { channel }: Target, parts: ApplierParts): Promise<ActionResult> {
  const { children } = parts
  const answer = await applyOrOverwrite(action, parts)
  if (!answer.ok) return { outcome: failedAs(action, { of: 'kubernetes', error: answer.error }), made: null }
  children.applied(refOf(channel), answer.value)
  return {
    outcome: { kind: 'done', action },
    made: { kind: 'child', key: childKey(action.type.kind, action.object.metadata.name), object: answer.value },
  }
}

/** Applies the object. If fields of other writers make the apply invalid, replaces the object's spec and applies again. */
async function applyOrOverwrite(action: ApplyAction, { api, names }: ApplierParts): Promise<Result<KubernetesObject, ApiError>> {
  const { type, object } = action
  const fieldManager = action.kind === 'apply-object' ? names.fieldManager : names.handOverManager
  const answer = await api.apply(type, object, { fieldManager, force: true })
  if (answer.ok || answer.error.kind !== 'invalid' || action.kind !== 'apply-object' || action.change === 'create') return answer
  const overwritten = await overwrite(type, object, { api, fieldManager })
  if (overwritten.ok) return api.apply(type, object, { fieldManager, force: true })
  return overwritten.error.kind === 'invalid' ? answer : overwritten
}

async function deleteObject(
  action: Extract<Action, { kind: 'delete-object' }>,
  { channel }: Target,
  { api, children }: ApplierParts,
): Promise<ActionResult> {
  const answer = await api.delete(action.type, action.ref, { uid: action.uid, propagation: 'Background' })
  if (!answer.ok && answer.error.kind !== 'not-found')
    return { outcome: failedAs(action, { of: 'kubernetes', error: answer.error }), made: null }
  const key = childKey(action.type.kind, action.ref.name)
  children.deleted(refOf(channel), key)
  return { outcome: { kind: 'done', action }, made: { kind: 'child', key, object: null } }
}

async function annotateChannel(
  action: Extract<Action, { kind: 'annotate-channel' }>,
  { channel }: Target,
  { api }: ApplierParts,
): Promise<ActionResult> {
  const answer = await api.mergePatch(channelType, refOf(channel), { metadata: { annotations: { [action.annotation]: action.value } } })
  if (answer.ok) return { outcome: { kind: 'done', action }, made: { kind: 'channel', object: answer.value } }
  return { outcome: failedAs(action, { of: 'kubernetes', error: answer.error }), made: null }
}

/** Patches the finalizers of the version that was read. Finalizers are a list, and a merge patch replaces the whole list. */
async function patchFinalizer(
  action: Extract<Action, { kind: 'add-finalizer' | 'remove-finalizer' }>,
  { channel }: Target,
  { api, names }: ApplierParts,
): Promise<ActionResult> {
  const others = (channel.metadata.finalizers ?? []).filter((finalizer) => finalizer !== names.finalizer)
  const finalizers = action.kind === 'add-finalizer' ? [...others, names.finalizer] : others
  const answer = await api.mergePatch(channelType, refOf(channel), {
    metadata: { finalizers, resourceVersion: channel.metadata.resourceVersion },
  })
  if (answer.ok) return { outcome: { kind: 'done', action }, made: { kind: 'channel', object: answer.value } }
  const isGone = action.kind === 'remove-finalizer' && answer.error.kind === 'not-found'
  return { outcome: isGone ? { kind: 'done', action } : failedAs(action, { of: 'kubernetes', error: answer.error }), made: null }
}

const failedAs = (action: Action, failure: ActionFailure): Outcome => ({ kind: 'failed', action, failure })
