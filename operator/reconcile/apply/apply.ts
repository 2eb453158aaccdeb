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
  /** False: this process leads no longer, and must not write. Asked before each write. */
  readonly mayWrite: () => boolean
}

/** What carrying out a plan has made of the world, so that the status is of what is, not of what was. */
export interface Applied {
  readonly outcomes: readonly Outcome[]
  /** By child, what the server answered; null: deleted. */
  readonly objects: ReadonlyMap<ChildKey, KubernetesObject | null>
  /** With the version and the finalizers that it has now. */
  readonly channel: RealtimeChannel
}

export interface Target {
  readonly channel: RealtimeChannel
  /** Null: no way to Kafka was found, and no action is about it. */
  readonly admin: TopicAdmin | null
}

export type Applier = (actions: readonly Action[], target: Target) => Promise<Applied>

/**
 * Carries out actions in their order; objects that follow each other, and topics, at the same time. What fails does not keep the others from being tried, for they
 * were planned for the world as it was; only a topic is not made without the finalizer that it asked for, and the finalizer stays when the
 * topic could not be deleted.
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

/** Neighbours that may be carried out at the same time. */
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

/** @param accepted the failure that is as good as success: somebody was faster */
async function onKafka(
  action: Action,
  { admin }: Target,
  ask: (admin: TopicAdmin) => Promise<Result<void, TopicFailure>>,
  accepted?: TopicFailure['kind'],
): Promise<ActionResult> {
  if (admin === null) throw new Error(`${action.kind} was planned without a way to Kafka`)
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

/** What somebody made of an object may be such that an apply, which leaves theirs in place, is not valid. */
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

/** On the version that was read: finalizers are a list, and a merge patch replaces it whole. */
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
