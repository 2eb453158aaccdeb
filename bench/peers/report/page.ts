export const beginMark = '<!-- What follows is written by bench/peers/main.ts. -->'
export const endMark = '<!-- What came before is written by bench/peers/main.ts. -->'

/** The page with what stands between the marks replaced. @throws Error when it has not both, in their order */
export function replaceBetweenMarks(page: string, text: string): string {
  const begin = page.indexOf(beginMark)
  const end = page.indexOf(endMark)
  if (begin < 0 || end < begin) throw new Error(`the page has no ${begin < 0 ? beginMark : endMark}`)
  return `${page.slice(0, begin + beginMark.length)}\n\n${text.trim()}\n\n${page.slice(end)}`
}
