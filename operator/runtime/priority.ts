/**
 * Reason to work on a key, the most urgent first. user: the object itself changed and a person waits for the effect. child: an object that
 * belongs to it changed. resync: no change is known.
 */
export const priorities = ['user', 'child', 'resync'] as const

export type Priority = (typeof priorities)[number]

export function moreUrgent(a: Priority, b: Priority): Priority {
  return priorities.indexOf(a) <= priorities.indexOf(b) ? a : b
}
