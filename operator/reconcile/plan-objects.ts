import { operandTypes, type OperandKind } from '../../cdk8s/operands/operand-types.ts'
import type { KubernetesObject, ResourceType } from '../runtime/kubernetes-api.ts'
import type { Action } from './actions.ts'
import { changedFields } from './changed-fields.ts'
import type { ConditionReason } from './conditions.ts'
import { fieldsOf, ownsAllFields } from './covers-fields.ts'
import { reasonOfApiError } from './failure-reasons.ts'
import { markObject, templateOf } from './marks.ts'
import { isChildOf, isOrphanOf } from './ownership.ts'
import type { Refusal } from './refusals.ts'
import { marks, names } from './settings.ts'
import { childKey, type Found, type World } from './world.ts'

export interface ObjectsPlan {
  readonly actions: readonly Action[]
  readonly refusals: readonly Refusal[]
  readonly requeueAfterMs: number | null
}

/** How soon to look again at an object that is going, or that could not be read. */
const soonMs = 5_000

/**
 * What it takes to make the objects of a channel what they are to be. Three questions decide on each: is it the channel's? Is it what was
 * asked for last (the mark on it)? Does the operator still own every field that it set, so that nobody has changed one? Three times yes, and
 * nothing is written. Fields that the operator did not set are none of its business.
 * @param wanted in the order in which they are to be applied
 * @param held kinds that are neither applied nor deleted this time
 */
export function planObjects(world: World, wanted: readonly KubernetesObject[], held: ReadonlySet<OperandKind>): ObjectsPlan {
  const removals = planRemovals(world, wanted, held)
  const judged = wanted.filter(({ kind }) => !isHeld(held, kind)).map((object) => judge(world, markObject(object)))
  const isAutoscaler = ({ type }: Removal): boolean => type.kind === 'HorizontalPodAutoscaler'
  return {
    actions: [
      // Before the Deployment gets a number of pods of its own: they would take it from each other.
      ...removals.filter(isAutoscaler),
      ...judged.flatMap(({ action }) => action ?? []),
      // After what takes their place: a route is there at every moment.
      ...removals.filter((removal) => !isAutoscaler(removal)),
    ],
    refusals: judged.flatMap(({ refusal }) => refusal ?? []),
    requeueAfterMs: judged.some(({ isSoon }) => isSoon === true) ? soonMs : null,
  }
}

/** The type of an object that the constructs made. */
export function typeOfOperand({ kind }: KubernetesObject): ResourceType {
  const types: Readonly<Record<string, ResourceType>> = operandTypes
  const type = Object.hasOwn(operandTypes, kind) ? types[kind] : undefined
  if (type === undefined) throw new Error(`the operands have an object of the kind ${kind}, which is not in the table of their types`)
  return type
}

function isHeld(held: ReadonlySet<string>, kind: string): boolean {
  return held.has(kind)
}

type Removal = Extract<Action, { kind: 'delete-object' }>

function planRemovals({ channel, children }: World, wanted: readonly KubernetesObject[], held: ReadonlySet<OperandKind>): readonly Removal[] {
  const keys = new Set(wanted.map(({ kind, metadata }) => childKey(kind, metadata.name)))
  return [...children]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, found]) => {
      if (found.kind !== 'object' || keys.has(key) || isHeld(held, found.type.kind)) return []
      const { metadata } = found.object
      if (!isChildOf(channel, found.object) || metadata.deletionTimestamp !== undefined) return []
      return [{ kind: 'delete-object' as const, type: found.type, ref: { namespace: metadata.namespace ?? '', name: metadata.name }, uid: metadata.uid ?? '' }]
    })
}

interface Judged {
  readonly action?: Action
  readonly refusal?: Refusal
  readonly isSoon?: boolean
}

function judge({ channel, children }: World, object: KubernetesObject): Judged {
  const found = children.get(childKey(object.kind, object.metadata.name))
  const what = `${object.kind} ${object.metadata.name}`
  if (found === undefined) return { action: apply(object, 'create', false) }
  if (found.kind === 'unknown') return judgeUnknown(object, found)
  const live = found.object
  if (isOrphanOf(channel, live)) return wait(object, `The ${what} of an earlier channel of this name is still being deleted.`)
  if (!isChildOf(channel, live)) {
    return { refusal: about(object.kind, 'ObjectNotOurs', `There is a ${what} that does not belong to this channel, and the channel needs one of this name. Delete it, or make a channel of another name.`) }
  }
  if (live.metadata.deletionTimestamp !== undefined) return wait(object, `The ${what} is still being deleted.`)
  return judgeOwn(object, live)
}

function judgeOwn(object: KubernetesObject, live: KubernetesObject): Judged {
  const markOf = ({ metadata }: KubernetesObject, mark: string): string | undefined => metadata.annotations?.[mark]
  const fields = fieldsOf(live, names.fieldManager)
  const owns = (part: KubernetesObject): boolean => fields !== null && ownsAllFields(part, fields)
  const isHealthy = owns(object)
  const isSame = markOf(object, marks.applied) === markOf(live, marks.applied)
  if (isSame && isHealthy) return {}
  const hasOtherTemplate = markOf(object, marks.appliedTemplate) !== markOf(live, marks.appliedTemplate)
  // A template that somebody edited by hand is edited back, and that starts pods, too.
  const hasEditedTemplate = object.kind === 'Deployment' && !isHealthy && !owns(templateAlone(object))
  return { action: { ...apply(object, isSame ? 'heal' : 'change', hasOtherTemplate || hasEditedTemplate), fields: changedFields(object, live) } }
}

function templateAlone(object: KubernetesObject): KubernetesObject {
  const { name, namespace } = object.metadata
  return { apiVersion: object.apiVersion, kind: object.kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, spec: { template: templateOf(object) } }
}

function judgeUnknown(object: KubernetesObject, { error, type }: Extract<Found, { kind: 'unknown' }>): Judged {
  if (error.kind === 'no-such-resource' && type.kind === 'HTTPRoute') return { refusal: about(object.kind, 'GatewayApiNotInstalled', gatewayApiMissing) }
  const reason = reasonOfApiError(error)
  return { refusal: about(object.kind, reason, `The ${object.kind} ${object.metadata.name} could not be read: ${error.message}`), isSoon: true }
}

export const gatewayApiMissing = 'The channel asks for an HTTPRoute, and this cluster does not have the Gateway API. Install it, or set spec.route.type: Ingress.'

function apply(object: KubernetesObject, change: 'create' | 'change' | 'heal', restartsPods: boolean): Extract<Action, { kind: 'apply-object' }> {
  return { kind: 'apply-object', type: typeOfOperand(object), object, change, restartsPods }
}

function wait(object: KubernetesObject, message: string): Judged {
  return { refusal: about(object.kind, 'ObjectTerminating', message), isSoon: true }
}

function about(kind: string, reason: ConditionReason, message: string): Refusal {
  return { about: isRouteKind(kind) ? 'RouteReady' : 'GatewayAvailable', reason, message }
}

export function isRouteKind(kind: string): boolean {
  return kind === 'Ingress' || kind === 'HTTPRoute'
}
