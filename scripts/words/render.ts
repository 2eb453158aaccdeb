import type { Counts, Finding } from './measure.ts'

/** Renders counts as a table of Markdown, a row for each name. */
export function renderTable(title: string, rows: ReadonlyMap<string, Counts>): string {
  const cells = [
    [title, 'words', 'markers', 'per 1,000', 'comments', 'fragments', 'sentences', 'over 25 words'],
    ...[...rows].map(([name, counts]) => [
      name,
      grouped(counts.words),
      grouped(counts.markers),
      perThousand(counts).toFixed(1),
      grouped(counts.comments),
      percent(counts.fragments, counts.comments),
      grouped(counts.sentences),
      percent(counts.longSentences, counts.sentences),
    ]),
  ]
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) => `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`)
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

/** Returns the markers in 1,000 words; 0 where there are no words. */
export const perThousand = ({ markers, words }: Counts): number => (words === 0 ? 0 : (markers * 1000) / words)

export const renderFinding = ({ path, line, kind, what, sentence }: Finding): string => `${path}:${line}: ${kind} "${what}": ${sentence}`

const grouped = (number: number): string => number.toLocaleString('en-US')
const percent = (part: number, whole: number): string => (whole === 0 ? '-' : `${((part * 100) / whole).toFixed(1)} %`)
const pad = (cell: string, width: number, column: number): string => (column === 0 ? cell.padEnd(width) : cell.padStart(width))
