/** The kinds of text that people read: `page` is Markdown, `text` is a literal that users may see. */
export const excerptKinds = ['comment', 'page', 'text', 'title'] as const
export type ExcerptKind = (typeof excerptKinds)[number]

/** One comment, page, literal or test title, cut out of its file. */
export interface Excerpt {
  readonly kind: ExcerptKind
  /** The line of the file on which `text` begins, from 1. */
  readonly line: number
  /** Prose only. Code is replaced by `codeMark`, markup by blanks. Line breaks stay where the file has them. */
  readonly text: string
}

/** Stands for a piece of code inside a sentence. It counts as a word of the sentence, and not as a word of prose. */
export const codeMark = '¤'

/** Fewest words of a literal that is read: one with fewer is a name, a path or a key. */
export const leastWordsOfText = 4

/** Returns `text` as blanks of the same length, with its line breaks. */
export const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ')

/** Returns `text` as one mark for code, with its line breaks. */
export const mark = (text: string): string => codeMark + blank(text).slice(1)

/** Finds the line of an offset in a text, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** Replaces what is code in a piece of prose: fenced blocks, backticks, links to symbols, addresses and paths. */
export function hideCode(prose: string): string {
  return prose
    .replaceAll(/^([ \t]*)```.*\n[^]*?^\1```[ \t]*$/gm, blank)
    .replaceAll(/(?<!`)(`+)(?!`)(?:(?!\n\s*\n)[^])+?(?<!`)\1(?!`)/g, mark)
    .replaceAll(/\{@link [^}]*\}/g, mark)
    .replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s)>\]]+/gi, mark)
    .replaceAll(/(?<![\w/.-])[\w.@-]*\/[\w./@*{},-]*\w/g, mark)
}

/** Counts the words of prose. A hyphen or an apostrophe does not end a word. */
export const countWords = (prose: string): number => prose.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu)?.length ?? 0
