import { blank, type Excerpt, hideCode, lineAt } from './excerpt.ts'

/** Part of a source: what a pattern matched, and where. */
export interface Found {
  readonly 0: string
  readonly index: number
}

/** Returns comments without their signs. Comments of a line each that follow one another are one excerpt. */
export function readComments(source: string, comments: readonly Found[]): readonly Excerpt[] {
  return joinLines(source, comments).map(({ start, end }) => {
    return { kind: 'comment', line: lineAt(source, start), text: hideCode(withoutSigns(source.slice(start, end))) }
  })
}

interface Place {
  readonly start: number
  readonly end: number
  /** A comment up to the end of its line, with only blanks before it. */
  readonly isLine: boolean
}

function joinLines(source: string, comments: readonly Found[]): readonly Place[] {
  const joined: Place[] = []
  for (const { 0: text, index: start } of comments) {
    const isLine = /^(?:\/\/|#)/.test(text) && /(?:^|\n)[ \t]*$/.test(source.slice(Math.max(0, start - 200), start))
    const last = joined.at(-1)
    const isNext = isLine && last?.isLine === true && /^\n[ \t]*$/.test(source.slice(last.end, start))
    const place = { start: isNext ? last.start : start, end: start + text.length, isLine }
    if (isNext) joined[joined.length - 1] = place
    else joined.push(place)
  }
  return joined
}

/** The signs of all languages that are read: C's, the hash, HTML's, Helm's, and Python's quotes. */
const signs = /^[ \t]*(?:\/\/+|#+|\/\*+|\{\{-?\s*\/\*|<!--|"""|''')|^[ \t]*\*(?=\s|$)|(?:\*\/\s*-?\}\}|\*+\/|-->|"""|''')\s*$/gm

const withoutSigns = (comment: string): string => comment.replaceAll(signs, blank)
