/**
 * How the search reads and ranks words. VitePress sends the text of these functions to the browser, so they use nothing from outside of
 * themselves.
 */

/** Returns what is indexed and searched for a word: without its ending, so that `resume` finds "Resuming". */
export function processTerm(term: string): string {
  const word = term.toLowerCase()
  return word.length > 4 ? word.replace(/(?:ing|ed|es|e|s)$/, '') : word
}

/** Returns the weight of a section. Decisions and types of packages come after the pages that a reader looks for first. */
export function boostDocument(id: string): number {
  if (id.includes('/adr/')) return 0.3
  return id.includes('/packages/') ? 0.6 : 1
}
