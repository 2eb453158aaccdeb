/** Most characters of a subject: longer ones are cut in lists of commits. */
export const longestSubject = 72

/** One rule for the first line of a commit's message. */
interface SubjectRule {
  /** Returns the sentence for the author if the subject breaks the rule, else null. */
  readonly check: (subject: string) => string | null
}

const rules: readonly SubjectRule[] = [
  {
    check: (subject) =>
      subject.length > longestSubject
        ? `it has ${subject.length} characters; use at most ${longestSubject}, and the body for the reason`
        : null,
  },
  { check: (subject) => (subject.endsWith('.') ? 'it ends with a full stop; remove it' : null) },
  {
    check: (subject) =>
      /^[A-Z][A-Za-z-]*(?= |$)/.test(subject)
        ? null
        : 'it does not begin with a word in a capital letter; begin with a verb, such as Add or Fix',
  },
  {
    check: (subject) => {
      const word = firstWord(subject)
      return isGerund(word) || isPast(word)
        ? `"${word}" is not an imperative; write what the commit does as an order, such as Add or Fix`
        : null
    },
  },
  {
    check: (subject) =>
      firstWord(subject) === 'Let' ? '"Let" hides the verb; begin with what the commit does, such as Allow or Keep' : null,
  },
]

/** Returns what is wrong with the subject of a commit, in sentences for its author; empty if nothing is. */
export const checkSubject = (subject: string): readonly string[] => rules.flatMap(({ check }) => check(subject) ?? [])

const firstWord = (subject: string): string => /^[A-Za-z-]*/.exec(subject)?.[0] ?? ''

/** Returns whether a word ends in `-ing` after a syllable of its own: "Adding", and not "Bring". */
const isGerund = (word: string): boolean => /[aeiouy].*ing$/i.test(word)

/** Verbs whose imperative ends in `-ed`. */
const imperativesInEd = [
  'Bleed',
  'Breed',
  'Embed',
  'Exceed',
  'Feed',
  'Heed',
  'Need',
  'Proceed',
  'Seed',
  'Shed',
  'Shred',
  'Speed',
  'Succeed',
  'Weed',
]

const isPast = (word: string): boolean => word.endsWith('ed') && !imperativesInEd.includes(word)
