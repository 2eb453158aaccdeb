import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** One decision, as its page says. */
export interface Decision {
  readonly file: string
  /** Number with four digits. */
  readonly number: string
  readonly title: string
  readonly status: string
}

/** Reads all pages of docs/adr except for the form. @throws when a page has no number, title or status */
export function readDecisions(root: string): readonly Decision[] {
  return globSync('docs/adr/[0-9]*.md', { cwd: root })
    .toSorted()
    .map((path) => parseDecision(basename(path), readFileSync(join(root, path), 'utf8')))
}

export function parseDecision(file: string, text: string): Decision {
  const [, number, title, status] = /^# (\d{4}): (.+)\n\nStatus: (.+)\n/.exec(text) ?? []
  if (number === undefined || title === undefined || status === undefined)
    throw new Error(`docs/adr/${file} must begin as docs/adr/template.md does: "# NNNN: Title", an empty line, "Status: ...".`)
  if (!file.startsWith(`${number}-`)) throw new Error(`docs/adr/${file} has the number ${number}. The file's name must begin with it.`)
  return { file, number, title, status }
}

/** Returns docs/adr/README.md. @throws when two decisions have one number */
export function renderDecisions(decisions: readonly Decision[]): string {
  const numbers = decisions.map(({ number }) => number)
  const twice = numbers.find((number, index) => numbers.indexOf(number) !== index)
  if (twice !== undefined) throw new Error(`docs/adr has two decisions of the number ${twice}. Give the newer one the next free number.`)
  const rows = decisions.map(({ file, number, title, status }) => `| [${number}](${file}) | ${title} | ${status} |`)
  return `# Decisions

<!-- rendered from docs/adr/*.md by make docs -->

One page for each decision that a reader may question: the question, the decision, its consequences, and the ways not taken. A new one begins
as a copy of [the form](template.md).

| number | decision | status |
|---|---|---|
${rows.join('\n')}
`
}
