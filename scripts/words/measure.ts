import { countWords, type Excerpt } from './excerpt.ts'
import { markers } from './markers.ts'
import { sentenceLength, splitSentences } from './sentences.ts'

/** An excerpt and its file. */
export interface Passage extends Excerpt {
  readonly path: string
}

export const findingKinds = ['marker', 'fragment', 'long'] as const
export type FindingKind = (typeof findingKinds)[number]

/** A sentence to be rewritten. */
export interface Finding {
  readonly kind: FindingKind
  readonly path: string
  readonly line: number
  /** The marker, the first word of a fragment, the number of words of a long sentence. */
  readonly what: string
  readonly sentence: string
}

export interface Counts {
  readonly words: number
  readonly markers: number
  readonly comments: number
  readonly fragments: number
  /** Sentences of pages and comments. Other texts are too short to be long-winded. */
  readonly sentences: number
  readonly longSentences: number
}

/** Most words of a sentence. */
export const longestSentence = 25

/** Fewest words of a sentence: a cell of a table with fewer would only dilute the share of the long ones. */
const shortestSentence = 4

/** Opens a comment that needs the line below it to be a sentence. */
const fragment = /^\s*(What|How|Of|Whether|As|Where|For|Whom|Whose)(?![\w'’-])/i

const hasSentences = ({ kind }: Passage): boolean => kind === 'comment' || kind === 'page'

export function findIn(passage: Passage): readonly Finding[] {
  const { kind, path, line, text } = passage
  const sentences = splitSentences(text)
  const opening = kind === 'comment' ? fragment.exec(text)?.[1] : undefined
  const first = sentences[0]
  const fragments =
    opening === undefined || first === undefined
      ? []
      : [{ kind: 'fragment', path, line: line + first.line, what: opening, sentence: first.text } as const]
  const others = sentences.flatMap((sentence) => {
    const place = { path, line: line + sentence.line, sentence: sentence.text }
    const marked = markers.flatMap(({ name, pattern }) =>
      [...sentence.text.matchAll(pattern)].map(() => ({ kind: 'marker', what: name, ...place }) as const),
    )
    const length = sentenceLength(sentence.text)
    return hasSentences(passage) && length > longestSentence
      ? [...marked, { kind: 'long', what: `${length} words`, ...place } as const]
      : marked
  })
  return [...fragments, ...others]
}

export function countIn(passages: readonly Passage[]): Counts {
  const found = passages.flatMap(findIn)
  const number = (kind: FindingKind): number => found.filter((finding) => finding.kind === kind).length
  return {
    words: sum(passages.map(({ text }) => countWords(text))),
    markers: number('marker'),
    comments: passages.filter(({ kind }) => kind === 'comment').length,
    fragments: number('fragment'),
    sentences: sum(passages.filter(hasSentences).map(countSentences)),
    longSentences: number('long'),
  }
}

const countSentences = ({ text }: Passage): number =>
  splitSentences(text).filter((sentence) => sentenceLength(sentence.text) >= shortestSentence).length

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** Returns the first `depth` folders of a path; `.` for a file at the root. */
export function folderOf(path: string, depth: number): string {
  const folders = path.split('/').slice(0, -1)
  return folders.length === 0 ? '.' : folders.slice(0, depth).join('/')
}

/** Groups passages, in the order of the names. */
export function groupBy(passages: readonly Passage[], nameOf: (passage: Passage) => string): ReadonlyMap<string, readonly Passage[]> {
  const groups = Map.groupBy(passages, nameOf)
  return new Map([...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
