/** The pattern of `LIKE`, ready to match. */
export interface LikePattern {
  /** A piece per character: the character, or one of the two wildcards. */
  readonly pieces: readonly Piece[]
}

type Piece = string | typeof anyCharacter | typeof anyText

/** `_`: exactly one character. */
const anyCharacter = 1
/** `%`: any text, also none. */
const anyText = 2

/** Reads a pattern: `%` is any text, `_` one character, and `\%` and `\_` mean themselves. Any other backslash is a backslash. */
export function readPattern(text: string): LikePattern {
  const pieces: Piece[] = []
  const characters = Array.from(text)
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? ''
    const next = characters[at + 1]
    if (character === '\\' && (next === '%' || next === '_')) {
      pieces.push(next)
      at += 1
    } else if (character === '%') {
      // A run of `%` means the same as one.
      if (pieces.at(-1) !== anyText) pieces.push(anyText)
    } else {
      pieces.push(character === '_' ? anyCharacter : character)
    }
  }
  return { pieces }
}

/**
 * Returns true if the whole text matches the pattern.
 *
 * The place of the last `%` is the only one to return to: if the rest matches later in the text, then it also matches with more text for the
 * last `%` alone. So the time is at most the product of both lengths, and never exponential.
 * @param spend called with the count of comparisons so far; false: gives up
 * @returns null: gave up
 */
export function isLike(text: string, { pieces }: LikePattern, spend: (comparisons: number) => boolean): boolean | null {
  let at = 0
  let piece = 0
  let pieceAfterAnyText = -1
  let resumeAt = 0
  let comparisons = 0
  while (at < text.length) {
    comparisons += 1
    if (comparisons === comparisonsPerSpend) {
      if (!spend(comparisons)) return null
      comparisons = 0
    }
    const expected = pieces[piece]
    const width = widthAt(text, at)
    if (expected === anyText) {
      piece += 1
      pieceAfterAnyText = piece
      resumeAt = at
    } else if (expected !== undefined && (expected === anyCharacter || isAt(text, at, expected))) {
      piece += 1
      at += width
    } else if (pieceAfterAnyText >= 0) {
      resumeAt += widthAt(text, resumeAt)
      at = resumeAt
      piece = pieceAfterAnyText
    } else {
      break
    }
  }
  if (!spend(comparisons)) return null
  if (at < text.length) return false
  return pieces.slice(piece).every((rest) => rest === anyText)
}

const comparisonsPerSpend = 1024

const isAt = (text: string, at: number, character: string): boolean =>
  text.charCodeAt(at) === character.charCodeAt(0) && (character.length === 1 || text.startsWith(character, at))

/** Returns the count of UTF-16 units of the character at a place. */
function widthAt(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  if (unit < 0xd800 || unit > 0xdbff) return 1
  const next = text.charCodeAt(at + 1)
  return next >= 0xdc00 && next <= 0xdfff ? 2 : 1
}
