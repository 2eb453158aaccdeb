/**
 * Why a key is to be worked on, the most urgent first. user: its own object changed, somebody waits for the effect. child: something that belongs to
 * it changed. resync: nothing is known to have changed.
 */
export const priorities = ['user', 'child', 'resync'] as const

export type Priority = (typeof priorities)[number]

export function moreUrgent(a: Priority, b: Priority): Priority {
  return priorities.indexOf(a) <= priorities.indexOf(b) ? a : b
}
