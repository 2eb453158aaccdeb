/** The pattern of `LIKE`, ready to match. */
export interface LikePattern {
  /** A piece per character: its code point, or one of the two wildcards. */
  readonly pieces: readonly number[]
}

/** `_`: exactly one character. */
const anyCharacter = -1
/** `%`: any text, also none. */
const anyText = -2

/** Reads a pattern: `%` is any text, `_` one character, and `\%` and `\_` mean themselves. Any other backslash is a backslash. */
export function readPattern(text: string): LikePattern {
  const pieces: number[] = []
  const characters = Array.from(text)
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? ''
    const next = characters[at + 1]
    if (character === '\\' && (next === '%' || next === '_')) {
      pieces.push(codePointOf(next))
      at += 1
    } else if (character === '%') {
      // A run of `%` means the same as one.
      if (pieces.at(-1) !== anyText) pieces.push(anyText)
    } else {
      pieces.push(character === '_' ? anyCharacter : codePointOf(character))
    }
  }
  return { pieces }
}

const codePointOf = (character: string): number => character.codePointAt(0) ?? 0

/**
 * Returns true if the whole text matches the pattern; null: that would take more than `maxComparisons`.
 *
 * The place of the last `%` is the only one to return to: if the rest matches later in the text, then it also matches with more text for the
 * last `%` alone. So the time is at most the product of both lengths, and never exponential.
 */
export function isLike(text: string, { pieces }: LikePattern, maxComparisons: number): Liked {
  let at = 0
  let piece = 0
  let pieceAfterAnyText = -1
  let resumeAt = 0
  let comparisons = 0
  while (at < text.length) {
    comparisons += 1
    if (comparisons > maxComparisons) return { isMatch: null, comparisons }
    const expected = pieces[piece]
    const codePoint = text.codePointAt(at) ?? 0
    if (expected === anyText) {
      piece += 1
      pieceAfterAnyText = piece
      resumeAt = at
    } else if (expected === codePoint || expected === anyCharacter) {
      piece += 1
      at += widthOf(codePoint)
    } else if (pieceAfterAnyText >= 0) {
      resumeAt += widthOf(text.codePointAt(resumeAt) ?? 0)
      at = resumeAt
      piece = pieceAfterAnyText
    } else {
      return { isMatch: false, comparisons }
    }
  }
  while (pieces[piece] === anyText) piece += 1
  return { isMatch: piece === pieces.length, comparisons }
}

export interface Liked {
  /** null: unknown, because there were too many comparisons. */
  readonly isMatch: boolean | null
  readonly comparisons: number
}

/** Returns the count of UTF-16 units of a character. */
const widthOf = (codePoint: number): number => (codePoint > 0xffff ? 2 : 1)
