import { readComments } from './comments.ts'
import { blank, countWords, type Excerpt, hideCode, leastWordsOfText, lineAt, mark } from './excerpt.ts'

const cString = String.raw`(?<string>"(?:\\.|[^"\\\n])*")|'(?:\\.|[^'\\\n])*'`
const cComment = String.raw`(?<comment>\/\/.*|\/\*[^]*?\*\/)`
/** A comment in Helm's templates, or in YAML: behind a blank. */
const hash = String.raw`(?<=^|\s)(?<comment>#.*)`

/**
 * One pattern for each language. It matches literals and comments, from left to right as the language itself reads. So a
 * comment inside a literal is not found, nor a literal inside a comment.
 */
const patterns = {
  go: new RegExp(`${cString}|\`[^\`]*\`|${cComment}`, 'gm'),
  java: new RegExp(String.raw`"""[^]*?"""|${cString}|${cComment}`, 'gm'),
  json: new RegExp(String.raw`"(?:\\.|[^"\\\n])*"|${cComment}`, 'gm'),
  css: /(?<comment>\/\*[^]*?\*\/)/g,
  python: new RegExp(String.raw`(?<=^[ \t]*)(?<comment>"""[^]*?"""|'''[^]*?''')|"""[^]*?"""|'''[^]*?'''|${cString}|(?<hash>#.*)`, 'gm'),
  shell: new RegExp(String.raw`\\.|(?<string>"(?:\\.|[^"\\])*"|'[^']*')|(?<=[;(])(?<inner>#.*)|${hash}`, 'gm'),
  make: new RegExp(String.raw`(?<=\s)(?<string>"(?:\\.|[^"\\\n])*"|'[^'\n]*')|${hash}`, 'gm'),
  dockerfile: /(?<comment>^[ \t]*#.*)/gm,
  yaml: new RegExp(
    String.raw`(?<comment>\{\{-?\s*\/\*[^]*?\*\/\s*-?\}\})|(?<action>\{\{[^]*?\}\})|(?<=^|[\s:,[{(])(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*')|${hash.replace('comment', 'hash')}`,
    'gm',
  ),
} as const

export type Language = keyof typeof patterns

/** Reads the comments of a source, and the literals that users may see unless the source is a test. */
export function readSource(source: string, language: Language, { isTest }: { readonly isTest: boolean }): readonly Excerpt[] {
  const matches = [...source.matchAll(patterns[language])].map((match) => ({ 0: match[0], index: match.index, groups: match.groups ?? {} }))
  const comments = matches.filter(
    ({ 0: text, groups }) => (groups['comment'] ?? groups['hash'] ?? groups['inner']) !== undefined && !text.startsWith('#!'),
  )
  const texts = matches.flatMap(({ index, groups }) => {
    if (groups['string'] !== undefined) return readText(source, groups['string'], index)
    return [...(groups['action'] ?? '').matchAll(/"(?:\\.|[^"\\\n])*"/g)].flatMap((match) =>
      readText(source, match[0], index + match.index),
    )
  })
  return [...readComments(source, comments), ...(isTest ? [] : texts)]
}

function readText(source: string, quoted: string, start: number): readonly Excerpt[] {
  const text = hideCode(quoted.slice(1, -1).replaceAll(/\\n/g, ' ').replaceAll(/\\(.)/g, '$1'))
  return countWords(text) < leastWordsOfText ? [] : [{ kind: 'text', line: lineAt(source, start), text }]
}

/** Reads a page of HTML: its comments, and what a browser shows of it. */
export function readHtml(source: string): readonly Excerpt[] {
  const page = source.replaceAll(/<(script|style)\b[^]*?<\/\1>/gi, blank)
  const comments = readComments(source, [...page.matchAll(/<!--[^]*?-->/g)])
  const shown = page.replaceAll(/<!--[^]*?-->|<[^>]*>|&\w+;/g, blank)
  return [...comments, { kind: 'text', line: 1, text: hideCode(shown) }]
}

/** Reads what Helm prints after it has installed a chart. */
export function readNotes(source: string): readonly Excerpt[] {
  return [{ kind: 'text', line: 1, text: hideCode(source.replaceAll(/\{\{[^]*?\}\}/g, mark)) }]
}
