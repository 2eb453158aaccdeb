import { controlTopicOf } from '../../../api/v1alpha1/channel-names.ts'
import { reasonOfFailure } from '../failure-reasons.ts'
import type { Outcome, Plan } from '../plan-types.ts'
import { isConditionReason } from '../condition-reasons.ts'
import { whatIsOff } from '../topic/plan-side-topic.ts'
import { useOf } from '../topic/topic-uses.ts'
import type { World } from '../world.ts'
import { asFalse, asTrue, asUnknown, type Assessment } from './condition-list.ts'
import { describeFailure, isUseAction } from './topic.ts'

/**
 * Assesses whether tokens of the channel can be revoked. It is no part of `Ready`: a channel whose control topic is refused delivers its events.
 * @param outcomes all outcomes of the reconcile
 */
export function assessRevocation({ channel, control }: World, plan: Plan, outcomes: readonly Outcome[]): Assessment {
  const name = controlTopicOf(channel)
  if (name === null) return asTrue('NoRevocationAsked', 'The channel asks for no control topic, so its tokens cannot be revoked.')
  const failure = outcomes.find(({ kind, action }) => kind === 'failed' && isUseAction(action) && useOf(action) === 'control')
  if (failure?.kind === 'failed')
    return asFalse(reasonOfFailure(failure.failure), `${describeFailure(failure).replace(/\.?$/, '.')} ${whatIsOff}`)
  const isKnown = control?.kind === 'present' || control?.kind === 'missing'
  if (isKnown && plan.control.whenDone !== null)
    return asTrue('RevocationOn', `Tokens can be revoked; the control topic is ${plan.control.whenDone.name}.`)
  const before = channel.status?.conditions?.find(({ type }) => type === 'RevocationReady')
  // While Kafka does not answer, running pods go on as they are.
  if (before !== undefined && isConditionReason(before.reason)) return { ...before, reason: before.reason }
  return asUnknown('NotLookedAt', 'The operator has not read the control topic; another condition says why.')
}
