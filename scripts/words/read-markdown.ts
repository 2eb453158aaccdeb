import { blank, type Excerpt, hideCode, mark } from './excerpt.ts'

/** Reads the prose of a page: without blocks of code, inline code, addresses and tags. */
export function readMarkdown(source: string): readonly Excerpt[] {
  const prose = hideIndented(source.replaceAll(/^([ \t]*)(```+|~~~+).*\n[^]*?^\1\2[ \t]*$/gm, blank))
    .replaceAll(/\]\([^)\s]*\)|\]\[[^\]]*\]/g, blank)
    .replaceAll(/^\[[^\]]+\]: .*$/gm, blank)
    .replaceAll(/<!--|-->|<\/?[a-z][^>]*>/gi, blank)
  const text = hideCode(prose).replaceAll(/[[\]]|\*(?=\S)|(?<=\S)\*/g, blank)
  return [{ kind: 'page', line: 1, text }]
}

/** Blanks blocks that are code because they are indented. In a list, four blanks are only the item's next line. */
function hideIndented(source: string): string {
  let isInList = false
  let mayBegin = true
  return source
    .split('\n')
    .map((line) => {
      const isCode = mayBegin && !isInList && /^(?: {4}|\t)\s*\S/.test(line)
      if (/^\s*(?:[-*+]|\d+\.)\s/.test(line) && !isCode) isInList = true
      else if (/^\S/.test(line)) isInList = false
      mayBegin = line.trim() === '' || isCode
      return isCode ? mark(line) : line
    })
    .join('\n')
}
