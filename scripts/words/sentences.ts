import { codeMark, countWords, lineAt } from './excerpt.ts'

export interface Sentence {
  /** On one line, without the blanks around it. */
  readonly text: string
  /** The line on which it begins, where the text's first line is 0. */
  readonly line: number
}

/** The number of an item and these abbreviations have a full stop that ends nothing. */
const abbreviation = String.raw`(?<!\b(?:e\.g|i\.e|vs|cf)|^[ \t]*\d+)`
/** The end of a sentence. An empty line, the next item of a list, a heading, a tag and the border of a cell are ends, too. */
const end = new RegExp(
  String.raw`${abbreviation}[.!?]["')\]*_]*(?=\s)|\n[ \t]*(?=\n)|\n(?=[ \t]*(?:[-*+]|\d+\.)[ \t])|\n(?=[ \t]*(?:#+ |@\w+))|(?<=^[ \t]*#.*)\n|\|`,
  'gm',
)

/** Cuts prose into sentences. Headings, items of lists and cells of tables are sentences, too. */
export function splitSentences(text: string): readonly Sentence[] {
  const sentences: Sentence[] = []
  let start = 0
  const take = (until: number): void => {
    const piece = text.slice(start, until)
    const sentence = tidy(piece)
    if (sentence !== '') sentences.push({ text: sentence, line: lineAt(text, start + piece.search(/\S/)) - 1 })
    start = until
  }
  for (const match of text.matchAll(end)) take(match.index + match[0].length)
  take(text.length)
  return sentences
}

const tidy = (piece: string): string =>
  piece
    .replace(/^\s*(?:(?:[-*+]|\d+\.|#+)\s+|@\w+\s+)?/, '')
    .replaceAll(/[\s|]+/g, ' ')
    .trim()

/** Counts the words of a sentence as a reader does: a piece of code is a word. */
export const sentenceLength = (sentence: string): number => countWords(sentence) + sentence.split(codeMark).length - 1
