/**
 * Every reason that a condition of a channel can have, and what it means: a closed table, from which docs/reference/conditions.md is made.
 * `stalled`: nothing will change until somebody does something; otherwise the operator tries again by itself.
 */
export const conditionReasons = {
  Reconciled: { stalled: false, meaning: 'All is as the channel asks.' },
} as const satisfies Record<string, { readonly stalled: boolean; readonly meaning: string }>

export type ConditionReason = keyof typeof conditionReasons
