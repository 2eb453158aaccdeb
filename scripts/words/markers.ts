/** A word or a phrase that marks a translated voice. */
export interface Marker {
  readonly name: string
  readonly pattern: RegExp
}

/** Returns the marker of a word in the forms that are given. */
const word = (...forms: readonly string[]): Marker => ({ name: forms[0] ?? '', pattern: phrase(new RegExp(forms.join('|'))) })

/** Finds whole words, in any case, also when they end in `'s`. Half of a word with a hyphen does not match. */
const phrase = ({ source }: RegExp): RegExp => new RegExp(String.raw`(?<![\w-])(?:${source})(?:['’]s)?(?![\w-])`, 'gi')

/**
 * The markers. The language of the field has a plainer word for each. In the documentation of the libraries used here, half
 * a million words, all of them together occur 54 times. Code in backticks is not searched, so names on the wire may be used.
 */
export const markers: readonly Marker[] = [
  // Pronouns: name the caller, client, broker, leader, owner.
  word('whoever'),
  word('whatever'),
  word('whichever'),
  word('whom', 'whomever'),
  word('somebody'),
  word('anybody'),
  word('nobody'),
  word('everybody'),
  word('those who', 'those whom'),
  word('that which'),
  // Words of another language's stock: again, while, permanently, duplicate or double, must, reported, check, fix.
  word('anew'),
  word('meanwhile'),
  word('for ever'),
  { name: 'for good', pattern: phrase(/for good(?! reason)/) },
  word('twin', 'twins'),
  word('owe', 'owes', 'owed'),
  word('told'),
  word('judge', 'judges', 'judged', 'judging', 'judgement', 'judgment'),
  word('bear', 'bears', 'borne'),
  word('mend', 'mends', 'mended'),
  // `is no event` for `is not an event`. `there is no event` and `is no longer` are English.
  { name: 'is no', pattern: phrase(/(?<!\bthere )(?:is|are|was|were) no(?= \w)(?! (?:longer|more|less|\w+er than)\b)/) },
  // `as many as it may have` for `the limit`.
  { name: 'as it may', pattern: phrase(/as \w+ as (?:\w+ )?may/) },
  // `says of a channel that` for `reports that the channel`.
  { name: 'tells of', pattern: phrase(/(?:tells?|says?|said|speaks?) of/) },
  word('nothing of'),
  // `where nothing is said` for `by default`.
  { name: 'is said', pattern: phrase(/(?:is|are|was|were|be) said/) },
  // `after so many milliseconds` for `after this time`. `so many events that` is English.
  { name: 'so many', pattern: phrase(/so many(?! (?:\w+ )?that\b)/) },
  // `what stands below` for `the lines below`.
  { name: 'stands', pattern: phrase(/(?<!as it )stands?(?! (?:for|alone|still|by|out|up|at)\b)/) },
]
