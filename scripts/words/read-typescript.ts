import { readComments } from './comments.ts'
import { blank, codeMark, countWords, type Excerpt, hideCode, leastWordsOfText, lineAt } from './excerpt.ts'
import { findLiterals, type Literal } from './find-literals.ts'

/**
 * Reads the comments and test titles of a module. Of a test it reads the rows of tables, too, of other modules all
 * literals: what a test gives or expects is not for people.
 *
 * swc reports no comments. They are what begins with `//`, or with a slash and a star, outside of all literals. So the
 * literals are blanked first: the syntax tree knows their places.
 */
export function readTypeScript(source: string, { isTest }: { readonly isTest: boolean }): readonly Excerpt[] {
  const literals = findLiterals(source)
  const places = literals.flatMap(({ pieces }) => pieces).toSorted((a, b) => a.start - b.start)
  const code = places.map(({ start, end }, at) => source.slice(places[at - 1]?.end ?? 0, start) + blank(source.slice(start, end)))
  const comments = [...(code.join('') + source.slice(places.at(-1)?.end ?? 0)).matchAll(/\/\/.*|\/\*[^]*?\*\//g)]
  const kinds: readonly Literal['kind'][] = isTest ? ['title', 'row'] : ['title', 'row', 'text']
  const isRead = ({ kind }: Literal): boolean => kinds.includes(kind)
  return [...readComments(source, comments), ...literals.filter(isRead).flatMap((literal) => readLiteral(source, literal, isTest))]
}

function readLiteral(source: string, { kind, pieces }: Literal, isTest: boolean): readonly Excerpt[] {
  const raw = pieces.map(({ start, end }, at) => {
    const next = pieces[at + 1]
    // An expression, of which only the line breaks are kept.
    const between = next === undefined ? '' : codeMark + source.slice(end, next.start).replaceAll(/[^\n]/g, '')
    return unescape(source.slice(start, end)) + between
  })
  const text = hideCode(raw.join('').replaceAll(/^['"]|['"]$/g, ' '))
  if (kind !== 'title' && countWords(text) < leastWordsOfText) return []
  const isTitle = kind === 'title' || (isTest && kind === 'row')
  return [{ kind: isTitle ? 'title' : 'text', line: lineAt(source, pieces[0]?.start ?? 0), text }]
}

/** Returns what escapes stand for, but a line break as a blank: an excerpt keeps the line breaks of its file. */
const unescape = (raw: string): string => raw.replaceAll(/\\([^])/g, (_, character: string) => (/[ntr]/.test(character) ? ' ' : character))
