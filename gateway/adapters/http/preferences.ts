/** Preferences of a caller for the answer to a success, from the header `Prefer`. */
export interface AnswerPreference {
  /** True when the answer has no body. */
  readonly isMinimal: boolean
  /** Value of `Preference-Applied` (RFC 7240, section 3); null: no registered preference was honoured. */
  readonly applied: string | null
}

/**
 * Reads the header `Prefer` (RFC 7240, section 2).
 *
 * - `return=minimal` (section 4.2) asks for an answer without a body. Of it and `return=representation`, the first counts.
 * - Knative sends `reply` to a subscriber. It reads the body of an answer as an event, and takes a body that is not an event for a failed
 * delivery. No specification registers `reply`, so `Preference-Applied` does not name it.
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

/** Matches a member of a list, whose commas in quotes do not separate members (RFC 9110, section 5.6.1). */
const listMember = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g

const fullAnswer: AnswerPreference = { isMinimal: false, applied: null }
