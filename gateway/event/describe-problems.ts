import type { EventProblem } from './cloud-event.ts'

const maxDescribed = 3

/** Describes the problems of an event in at most three sentences, and the count of the others. */
export function describeProblems(problems: readonly EventProblem[]): string {
  const sentences = problems
    .slice(0, maxDescribed)
    .map(({ attribute, detail }) => (attribute === null ? detail : `${attribute}: ${detail}`))
  const more = problems.length - sentences.length
  return more > 0 ? `${sentences.join(' ')} And ${more} more.` : sentences.join(' ')
}
