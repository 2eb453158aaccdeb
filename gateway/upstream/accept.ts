import type { AcceptRule } from '../config/accept-rule.ts'
import { createRateLimiters, type RateLimiter } from '../emit/rate-limiter.ts'
import { type Filter, holds } from '../filter/filter.ts'
import type { CompileSchema, DataValidator } from './data-validator.ts'

/** A rule, ready to use. */
export interface ReadyRule extends AcceptRule {
  readonly validate: DataValidator | null
  /** Counts the events of each user under this rule. */
  readonly rateLimiter: RateLimiter
}

/** The rules of a channel. */
export interface Accept {
  /** Returns the first rule for events of this type; null: none. */
  find(type: string): ReadyRule | null
  /** Returns the count of pairs of a user and a rule whose rate is counted. */
  senders(): number
}

/** Pairs of a user and a rule whose rate is counted. Further users of a rule share one rate (`rate-limiter.ts`). */
export const maxSenders = 40_000

/** Makes the rules ready. The evaluator of filters finds the rule of an event, as it does for sessions. @param now of the clock of `take` */
export function createAccept(
  rules: readonly AcceptRule[],
  { compile, now }: { readonly compile: CompileSchema; readonly now: number },
): Accept {
  const rateLimiters = createRateLimiters({ maxSubjects: maxSenders, now })
  const ready = rules.map((rule) => ({
    filter: filterOf(rule),
    rule: {
      ...rule,
      validate: rule.schema === null ? null : compile(rule.schema),
      rateLimiter: rateLimiters.add({ ratePerS: rule.ratePerUser, burst: rule.burst }),
    },
  }))
  return {
    find: (type) => ready.find(({ filter }) => holds(filter, { type }, unobserved))?.rule ?? null,
    senders: () => rateLimiters.size(),
  }
}

const filterOf = ({ match }: AcceptRule): Filter => ({ kind: match.kind, texts: [{ name: 'type', text: match.text }] })

/** Comparing a type with a text costs no steps worth counting, and cannot fail. */
const unobserved = { failed: () => {}, spent: () => {} }
