import { operandTypes, type OperandKind } from '../../../api/child-types.ts'
import type { KubernetesObject, ResourceType } from '../../../api/kubernetes.ts'
import type { Action, Refusal } from '../plan-types.ts'
import { changedFields } from './changed-fields.ts'
import type { ConditionReason } from '../condition-reasons.ts'
import { fieldsOf, lostFields, ownsAllFields, takersOf } from '../children/owned-fields.ts'
import { reasonOfApiError } from '../failure-reasons.ts'
import { decideContest, wholeObject, type ContestDecision } from './contest.ts'
import { markObject, templateOf } from './marks.ts'
import { isChildOf, isOrphanOf } from '../children/ownership.ts'
import { gatewayApiMissing, isRouteKind } from '../route/plan-route.ts'
import { marks, names } from '../settings.ts'
import { childKey, type Found, type World } from '../world.ts'

export interface ObjectsPlan {
  readonly actions: readonly Action[]
  readonly refusals: readonly Refusal[]
  readonly requeueAfterMs: number | null
}

export interface ObjectsOptions {
  /** Kinds that are neither applied nor deleted in this plan. */
  readonly held: ReadonlySet<OperandKind>
  /** The Lease of this operator. */
  readonly appliedBy: string
}

/** Time until an API server that did not answer is asked again. */
export const clusterAnswerMs = 5_000

/** Time until an object that is being deleted should be gone. */
const objectGoneMs = 5_000

/** Shortest time until a contested object is planned again. */
const minContestMs = 5_000

/**
 * Plans the objects of a channel. Three questions decide on each: Does it belong to the channel? Is it what was last asked for, by its mark? Does the operator
 * still own every field that it set, so that no other client has changed one? If all three hold, nothing is written. Fields that the operator did not set are
 * left alone.
 * @param wanted objects in the order in which they are to be applied
 */
export function planObjects(world: World, wanted: readonly KubernetesObject[], { held, appliedBy }: ObjectsOptions): ObjectsPlan {
  const removals = planRemovals(world, wanted, held)
  const decisions = wanted.filter(({ kind }) => !isHeld(held, kind)).map((object) => decide(world, markObject(object, appliedBy)))
  const isAutoscaler = ({ type }: Removal): boolean => type.kind === 'HorizontalPodAutoscaler'
  return {
    actions: [
      // The autoscaler goes before the Deployment gets a fixed number of pods. Otherwise each would overwrite the other.
      ...removals.filter(isAutoscaler),
      ...decisions.flatMap(({ action }) => action ?? []),
      // Other objects go after their replacements, so that a route exists at every moment.
      ...removals.filter((removal) => !isAutoscaler(removal)),
    ],
    refusals: decisions.flatMap(({ refusal }) => refusal ?? []),
    requeueAfterMs: soonest(...decisions.map(({ againAfterMs }) => againAfterMs ?? null)),
  }
}

/** Returns the type of an object that the constructs made. */
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

function planRemovals(
  { channel, children }: World,
  wanted: readonly KubernetesObject[],
  held: ReadonlySet<OperandKind>,
): readonly Removal[] {
  const keys = new Set(wanted.map(({ kind, metadata }) => childKey(kind, metadata.name)))
  return [...children]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, found]) => {
      if (found.kind !== 'object' || keys.has(key) || isHeld(held, found.type.kind)) return []
      const { metadata } = found.object
      if (!isChildOf(channel, found.object) || metadata.deletionTimestamp !== undefined) return []
      return [
        {
          kind: 'delete-object' as const,
          type: found.type,
          ref: { namespace: metadata.namespace ?? '', name: metadata.name },
          uid: metadata.uid ?? '',
        },
      ]
    })
}

interface ObjectDecision {
  readonly action?: Action
  readonly refusal?: Refusal
  /** Time until the next reconcile even if nothing changes. Milliseconds. */
  readonly againAfterMs?: number
}

function decide(world: World, object: KubernetesObject): ObjectDecision {
  const { channel, children } = world
  const found = children.get(childKey(object.kind, object.metadata.name))
  const what = `${object.kind} ${object.metadata.name}`
  if (found === undefined) return decideMissing(world, object)
  if (found.kind === 'unknown') return decideUnknown(object, found)
  const live = found.object
  if (isOrphanOf(channel, live)) return wait(object, `The ${what} of an earlier channel of this name is still being deleted.`)
  if (!isChildOf(channel, live)) {
    return {
      refusal: about(
        object.kind,
        'ObjectNotOurs',
        `The ${what} does not belong to this channel, and the channel needs an object of this name. Delete it, or create a channel with another name.`,
      ),
    }
  }
  if (live.metadata.deletionTimestamp !== undefined) return wait(object, `The ${what} is still being deleted.`)
  return decideOwn(world, object, live)
}

function decideMissing(world: World, object: KubernetesObject): ObjectDecision {
  const contest = decideContest(world, object, [wholeObject])
  const contested = contestDecision(object, contest)
  return contest?.isHeld === true ? contested : { ...contested, action: { ...apply(object, 'create', false), lost: [wholeObject] } }
}

function contestDecision({ kind }: KubernetesObject, contest: ContestDecision | null): ObjectDecision {
  return contest === null
    ? {}
    : { refusal: about(kind, 'FieldContested', contest.message), againAfterMs: Math.max(minContestMs, contest.againAfterMs) }
}

function decideOwn(world: World, object: KubernetesObject, live: KubernetesObject): ObjectDecision {
  const markOf = ({ metadata }: KubernetesObject, mark: string): string | undefined => metadata.annotations?.[mark]
  const fields = fieldsOf(live, names.fieldManager)
  const owns = (part: KubernetesObject): boolean => fields !== null && ownsAllFields(part, fields)
  const lost = lostFields(object, fields ?? undefined)
  const isHealthy = lost.length === 0
  const isSame = [marks.applied, marks.appliedBy].every((mark) => markOf(object, mark) === markOf(live, mark))
  const toSetBack = isSame ? lost : [`metadata.annotations[${marks.applied}]=${markOf(object, marks.applied) ?? ''}`]
  const contest = decideContest(world, object, toSetBack)
  const contested = contestDecision(object, contest)
  if ((isSame && isHealthy) || contest?.isHeld === true) return contested
  const hasOtherTemplate = markOf(object, marks.appliedTemplate) !== markOf(live, marks.appliedTemplate)
  // An edited template is set back, which restarts pods, too.
  const hasEditedTemplate = object.kind === 'Deployment' && !isHealthy && !owns(templateAlone(object))
  const action = {
    ...apply(object, isSame ? 'heal' : 'change', hasOtherTemplate || hasEditedTemplate),
    lost: toSetBack,
    takenBy: takersOf(live, lost, names.fieldManager),
    fields: changedFields(object, live),
  }
  return { ...contested, action }
}

function templateAlone(object: KubernetesObject): KubernetesObject {
  const { name, namespace } = object.metadata
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { template: templateOf(object) },
  }
}

function decideUnknown(object: KubernetesObject, { error, type }: Extract<Found, { kind: 'unknown' }>): ObjectDecision {
  if (error.kind === 'no-such-resource' && type.kind === 'HTTPRoute')
    return { refusal: about(object.kind, 'GatewayApiNotInstalled', gatewayApiMissing) }
  const reason = reasonOfApiError(error)
  return {
    refusal: about(object.kind, reason, `The ${object.kind} ${object.metadata.name} could not be read: ${error.message}`),
    againAfterMs: clusterAnswerMs,
  }
}

function apply(
  object: KubernetesObject,
  change: 'create' | 'change' | 'heal',
  restartsPods: boolean,
): Extract<Action, { kind: 'apply-object' }> {
  return { kind: 'apply-object', type: typeOfOperand(object), object, change, restartsPods }
}

function wait(object: KubernetesObject, message: string): ObjectDecision {
  return { refusal: about(object.kind, 'ObjectTerminating', message), againAfterMs: objectGoneMs }
}

function about(kind: string, reason: ConditionReason, message: string): Refusal {
  return { about: isRouteKind(kind) ? 'RouteReady' : 'GatewayAvailable', reason, message }
}

/** Returns the earliest of these times, of which null is never. */
export function soonest(...times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}
