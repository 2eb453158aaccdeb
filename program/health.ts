/** Answer to a probe. */
export interface HealthVerdict {
  readonly ok: boolean
  /** Reasons not to be `ok`, for people. Empty if and only if `ok`. */
  readonly waitingFor: readonly string[]
}

export const verdictOf = (waitingFor: readonly string[]): HealthVerdict => ({ ok: waitingFor.length === 0, waitingFor })
