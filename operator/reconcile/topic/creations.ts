import type { Outcome } from '../plan-types.ts'
import type { Creation } from './plan-side-topic.ts'
import { isAwaitedUse, topicUses, useOf, type TopicUse } from './topic-uses.ts'

/** Returns the result of the creation of a topic in this reconcile; null: there was none. */
export function creationOf(use: TopicUse, outcomes: readonly Outcome[]): Creation {
  const mine = outcomes.filter(({ action }) => action.kind === 'create-topic' && useOf(action) === use)
  if (mine.some(({ kind }) => kind === 'done')) return 'done'
  return mine.length > 0 ? 'failed' : null
}

/** Returns whether the plan waited for topics that it created, so that another plan follows in the same reconcile. */
export function needsSecondPlan(outcomes: readonly Outcome[]): boolean {
  return topicUses.some((use) => {
    const creation = creationOf(use, outcomes)
    // A side topic that could not be created holds no gateway back.
    return creation === 'done' ? isAwaitedUse(use) : creation === 'failed' && use !== 'topic' && isAwaitedUse(use)
  })
}

/** Returns the outcomes of a first plan that the second one does not repeat: failed changes are planned again, and failed creations of side topics are not. */
export function keptOutcomes(first: readonly Outcome[]): readonly Outcome[] {
  return first.filter(
    ({ kind, action }) =>
      kind === 'done' || (kind === 'failed' && action.kind === 'create-topic' && useOf(action) !== 'topic' && isAwaitedUse(useOf(action))),
  )
}
