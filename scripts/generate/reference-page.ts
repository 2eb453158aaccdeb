/** A page under docs/reference/ that is made from a table of the code. */
export interface ReferencePage {
  readonly name: string
  /** File with the table; the page's first line names it. */
  readonly source: string
  readonly render: () => string
}

/** Returns the whole text of a page's file. */
export function renderPage(page: ReferencePage): string {
  return `<!-- Generated from ${page.source}: change that, then run \`make docs\`. -->\n\n${page.render()}`
}

/** Renders a table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
}

export const code = (text: string | number): string => `\`${text}\``
