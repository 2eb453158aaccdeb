/** Returns the marks around the part of a page that a program writes. @param writer path of the program */
export const marksOf = (writer: string): { readonly begin: string; readonly end: string } => ({
  begin: `<!-- What follows is written by ${writer}. -->`,
  end: `<!-- What came before is written by ${writer}. -->`,
})

/** Replaces the text between the marks of a page. @throws Error when the page lacks a mark, or has them in the wrong order */
export function replaceBetweenMarks(page: string, writer: string, text: string): string {
  const marks = marksOf(writer)
  const begin = page.indexOf(marks.begin)
  const end = page.indexOf(marks.end)
  if (begin < 0 || end < begin) throw new Error(`the page has no ${begin < 0 ? marks.begin : marks.end}`)
  return `${page.slice(0, begin + marks.begin.length)}\n\n${text.trim()}\n\n${page.slice(end)}`
}
