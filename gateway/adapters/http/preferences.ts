/** What a sender wants of a good answer, by the header `Prefer`. */
export interface AnswerPreference {
  /** Whether the answer has no body. */
  readonly isMinimal: boolean
  /** The value of `Preference-Applied` (RFC 7240, section 3); null: no registered preference was honoured. */
  readonly applied: string | null
}

/**
 * Reads the header `Prefer` (RFC 7240, section 2).
 *
 * - `return=minimal` (section 4.2) asks for an answer without a body. `return=representation` before it wins, as the first of the two counts.
 * - `reply` is what Knative sends to a subscriber. It reads the body of an answer as an event, and takes one that is none for a failed
 *   delivery. No specification registers it, so that `Preference-Applied` does not name it.
 * @param prefer all values of the header, joined by commas, as node:http does
 */
export function readPreference(prefer: string | undefined): AnswerPreference {
  if (prefer === undefined) return fullAnswer
  const preferences = (prefer.match(listMember) ?? []).map((preference) => preference.split(';')[0]?.trim().toLowerCase() ?? '')
  const returned = preferences.find((preference) => /^return\s*=/.test(preference))
  const wantsMinimal = returned !== undefined && /^return\s*=\s*"?minimal"?$/.test(returned)
  if (!wantsMinimal && !preferences.includes('reply')) return fullAnswer
  return { isMinimal: true, applied: wantsMinimal ? 'return=minimal' : null }
}

/** What stands between two commas, of which those in quotes do not count (RFC 9110, section 5.6.1). */
const listMember = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g

const fullAnswer: AnswerPreference = { isMinimal: false, applied: null }
