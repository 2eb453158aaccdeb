import type { ConditionReason } from '../condition-reasons.ts'

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
