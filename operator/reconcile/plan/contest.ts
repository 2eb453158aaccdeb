import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { childKey, type Contest, type World } from '../world.ts'

export interface ContestDecision {
  /** True if every field that is to be set back has to wait, so that nothing is applied. */
  readonly isHeld: boolean
  /** Message of the condition. */
  readonly message: string
  readonly againAfterMs: number
}

/** Name in place of a field: another client deletes the object. */
export const wholeObject = 'the object'

/** Time after which a field that was set back, and stayed, is no longer contested. */
const calmMs = 60_000

interface FieldContest extends Contest {
  readonly field: string
}

/**
 * Decides on the contested fields of an object, which another client changes as often as they are set back: whether they are set back this time.
 * @param lost fields to set back
 * @returns null when no field of the object is contested
 */
export function decideContest(
  { channel, contested, nowMs }: World,
  object: ContestedObject,
  lost: readonly string[],
): ContestDecision | null {
  const prefix = `${childKey(object.kind, object.metadata.name)} `
  const all = [...contested].flatMap(([key, contest]): readonly FieldContest[] =>
    key.startsWith(prefix) ? [{ ...contest, field: key.slice(prefix.length) }] : [],
  )
  const contests = all.filter(({ field, lastHealMs, hasWaited }) => lost.includes(field) || (hasWaited && nowMs < lastHealMs + calmMs))
  if (contests.length === 0) return null
  const mustWait = (field: string): boolean => contests.some((each) => each.field === field && nowMs < each.lastHealMs + each.pauseMs)
  const isHeld = lost.length > 0 && lost.every(mustWait)
  const againAtMs = Math.min(...contests.map(({ lastHealMs, pauseMs }) => lastHealMs + (isHeld ? pauseMs : calmMs)))
  return { isHeld, message: describeContest(object, contests, channel.metadata.name), againAfterMs: againAtMs - nowMs }
}

const maxFields = 3

type ContestedObject = Pick<KubernetesObject, 'kind' | 'metadata'>

function describeContest({ kind, metadata }: ContestedObject, contests: readonly FieldContest[], channelName: string): string {
  if (contests.some(({ field }) => field === wholeObject))
    return `Another client deletes the ${kind} ${metadata.name} as often as the operator creates it, so the operator creates it less and less often. Find out what deletes it.`
  const owners = distinct(contests.flatMap(({ takenBy }) => takenBy))
  const fields = distinct(contests.map(({ field }) => field))
  const isScaled = kind === 'Deployment' && fields.includes('spec.replicas')
  const remedy = isScaled
    ? `Let an autoscaler act on the channel (scaleTargetRef: kind RealtimeChannel, name ${channelName}), or use spec.gateway.autoscaling.`
    : 'Remove that client, or leave these fields to the operator.'
  return `${owners.length === 0 ? 'Something else' : owners.join(', ')} changes ${fields.slice(0, maxFields).join(', ')} of the ${kind} ${metadata.name} as often as the operator sets it back, so the operator sets it back less and less often. ${remedy}`
}

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted()
