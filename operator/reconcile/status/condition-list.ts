import type { RealtimeChannelStatus } from '../../../api/v1alpha1/realtime-channel.ts'
import { isStalled, type ConditionReason } from '../condition-reasons.ts'

/** A condition, as the status has it. */
export type Condition = NonNullable<RealtimeChannelStatus['conditions']>[number]

/** What a condition says, before it is known when it began to. */
export interface Judgement {
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: ConditionReason
  /** Without anything that changes from one look to the next. */
  readonly message: string
}

export interface Judgements {
  readonly TopicReady: Judgement
  readonly GatewayAvailable: Judgement
  readonly RouteReady: Judgement
}

export const isTrue = (reason: ConditionReason, message: string): Judgement => ({ status: 'True', reason, message })
export const isFalse = (reason: ConditionReason, message: string): Judgement => ({ status: 'False', reason, message })
export const isUnknown = (reason: ConditionReason, message: string): Judgement => ({ status: 'Unknown', reason, message })

/** When, and of which generation. */
export interface Moment {
  readonly before: readonly Condition[]
  readonly generation: number
  readonly nowMs: number
}

/**
 * All conditions of a channel that is looked after. `Ready` follows from the three others: it is always there, because tools that wait take
 * a resource without it for finished. Reconciling and Stalled are there only while they are True, which is how kstatus reads them
 * (https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md): Ready=False is either still being worked at, or waits for somebody.
 */
export function conditionsOf(judgements: Judgements, moment: Moment, remark: string): readonly Condition[] {
  const parts = [judgements.TopicReady, judgements.GatewayAvailable, judgements.RouteReady]
  const ready = readyOf(parts, remark)
  return [
    condition('Ready', ready, moment),
    ...Object.entries(judgements).map(([type, judgement]: readonly [string, Judgement]) => condition(type, judgement, moment)),
    ...progressOf(parts, ready, moment),
  ]
}

/** What waits for somebody is said first: what waits for it in its turn is not worth a word. */
function readyOf(parts: readonly Judgement[], remark: string): Judgement {
  const not = parts.filter(({ status }) => status !== 'True')
  const worst = not.find(({ reason }) => isStalled(reason)) ?? not.find(({ status }) => status === 'False') ?? not[0]
  if (worst !== undefined) return isFalse(worst.reason, worst.message)
  const zero = parts.find(({ reason }) => reason === 'ScaledToZero')
  return zero === undefined ? isTrue('Reconciled', `All is as the channel asks.${remark}`) : isTrue(zero.reason, `${zero.message}${remark}`)
}

function progressOf(parts: readonly Judgement[], ready: Judgement, moment: Moment): readonly Condition[] {
  if (ready.status === 'True') return []
  const type = parts.some(({ status, reason }) => status !== 'True' && isStalled(reason)) ? 'Stalled' : 'Reconciling'
  return [condition(type, { ...ready, status: 'True' }, moment)]
}

/** `lastTransitionTime` is of the status, not of the reason or the message. */
export function condition(type: string, { status, reason, message }: Judgement, { before, generation, nowMs }: Moment): Condition {
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

/** Brokers and webhooks are quoted, and messages are read in terminals, which a control character steers. */
function printable(message: string): string {
  return message.replace(/\p{Cc}+/gu, ' ')
}

/** Far below what the schema lets through: messages are read in terminals. */
const maxMessageLength = 2_048
