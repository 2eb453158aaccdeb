import type { ConditionReason } from './conditions.ts'

/** Something that was asked for and will not be done until somebody changes something. */
export interface Refusal {
  /** The condition that it makes False. */
  readonly about: 'TopicReady' | 'GatewayAvailable' | 'RouteReady'
  readonly reason: ConditionReason
  /** What was asked, what is, and what to do. */
  readonly message: string
}
