import type { RealtimeChannelStatus } from '../../../api/v1alpha1/realtime-channel.ts'
import { isStalled, type ConditionReason } from '../condition-reasons.ts'

/** Condition of the status. */
export type Condition = NonNullable<RealtimeChannelStatus['conditions']>[number]

/** Content of a condition, without its times. */
export interface Assessment {
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: ConditionReason
  /** Text without anything that changes between two reconciles. */
  readonly message: string
}

export interface Assessments {
  readonly TopicReady: Assessment
  readonly GatewayAvailable: Assessment
  readonly RouteReady: Assessment
  /** Not a part of `Ready`: events are delivered without it. */
  readonly RevocationReady: Assessment
}

export const asTrue = (reason: ConditionReason, message: string): Assessment => ({ status: 'True', reason, message })
export const asFalse = (reason: ConditionReason, message: string): Assessment => ({ status: 'False', reason, message })
export const asUnknown = (reason: ConditionReason, message: string): Assessment => ({ status: 'Unknown', reason, message })

/** Time, generation and previous conditions. */
export interface Moment {
  readonly before: readonly Condition[]
  readonly generation: number
  readonly nowMs: number
}

/**
 * Returns all conditions of a managed channel. `Ready` follows from the first three others. It is always present, because tools that wait consider a resource without
 * it finished.
 *
 * Reconciling and Stalled are present only while they are True, as kstatus reads them
 * (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md). Ready=False means that the operator is at work, or that a person is needed.
 */
export function conditionsOf(assessments: Assessments, moment: Moment, remark: string): readonly Condition[] {
  const parts = [assessments.TopicReady, assessments.GatewayAvailable, assessments.RouteReady]
  const ready = readyOf(parts, remark)
  return [
    condition('Ready', ready, moment),
    ...Object.entries(assessments).map(([type, assessment]: readonly [string, Assessment]) => condition(type, assessment, moment)),
    ...progressOf(parts, ready, moment),
  ]
}

/** Returns the `Ready` condition. A part that needs a person comes first, because other parts may only wait for it. */
function readyOf(parts: readonly Assessment[], remark: string): Assessment {
  const not = parts.filter(({ status }) => status !== 'True')
  const worst = not.find(({ reason }) => isStalled(reason)) ?? not.find(({ status }) => status === 'False') ?? not[0]
  if (worst !== undefined) return asFalse(worst.reason, worst.message)
  const zero = parts.find(({ reason }) => reason === 'ScaledToZero')
  return zero === undefined ? asTrue('Reconciled', `All is as the channel asks.${remark}`) : asTrue(zero.reason, `${zero.message}${remark}`)
}

function progressOf(parts: readonly Assessment[], ready: Assessment, moment: Moment): readonly Condition[] {
  if (ready.status === 'True') return []
  const type = parts.some(({ status, reason }) => status !== 'True' && isStalled(reason)) ? 'Stalled' : 'Reconciling'
  return [condition(type, { ...ready, status: 'True' }, moment)]
}

/** Returns a condition. `lastTransitionTime` follows the status, not the reason or the message. */
export function condition(type: string, { status, reason, message }: Assessment, { before, generation, nowMs }: Moment): Condition {
  const last = before.find((each) => each.type === type)
  const lastTransitionTime = last?.status === status ? last.lastTransitionTime : new Date(nowMs).toISOString().replace(/\.\d{3}Z$/, 'Z')
  return {
    type,
    status,
    reason,
    message: printable(message).slice(0, maxMessageLength).toWellFormed(),
    observedGeneration: generation,
    lastTransitionTime,
  }
}

/** Replaces control characters. Messages quote brokers and webhooks, and are read in terminals. */
function printable(message: string): string {
  return message.replace(/\p{Cc}+/gu, ' ')
}

/** Maximum length of a message, far below that of the schema: messages are read in terminals. */
const maxMessageLength = 2_048
