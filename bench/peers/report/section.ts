import { figure } from '../../lib/bench.ts'
import { ratioOf, type Spread, spreadText } from './figures.ts'

/** Findings of a measure: rows of all contenders in all cases, and how to read their columns. */
export interface Section {
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: readonly SectionRow[]
  /** Sentences for readers of the table. */
  readonly notes: readonly string[]
  /** Pictures below the table. @default none */
  readonly pictures?: readonly Picture[]
}

export interface Picture {
  /** Name of the file in docs/pictures. */
  readonly file: string
  /** Text for readers who do not see it. */
  readonly alt: string
  readonly svg: string
}

export interface Column {
  readonly key: string
  readonly title: string
  /** True when a column follows that divides ours by this row's. */
  readonly isCompared?: boolean
}

export interface SectionRow {
  /** The contender's name on the command line. */
  readonly contender: string
  /** Case within which rows are compared: a number of sockets at a rate. Empty: there is only one. */
  readonly of: string
  readonly cells: Readonly<Record<string, Cell>>
}

export type Cell = Spread | string

export const oursName = 'carillon'

/** Renders Markdown. @param titleOf a contender's name in tables */
export function renderSection(section: Section, titleOf: (contender: string) => string): string {
  const hasCases = section.rows.some((row) => row.of !== '')
  const head = [
    ...(hasCases ? ['case'] : []),
    'server',
    ...section.columns.flatMap((column) => [column.title, ...(column.isCompared === true ? ['ours / its'] : [])]),
  ]
  const body = section.rows.map((row, index) => [
    ...(hasCases ? [section.rows[index - 1]?.of === row.of ? '' : row.of] : []),
    titleOf(row.contender),
    ...section.columns.flatMap((column) => [
      cellText(row.cells[column.key]),
      ...(column.isCompared === true ? [ratioText(section, row, column.key)] : []),
    ]),
  ])
  const table = renderMarkdown([head, ...body])
  const pictures = (section.pictures ?? []).map(({ file, alt }) => `![${alt}](pictures/${file})`)
  return [`### ${section.title}`, '', table, ...[...pictures, ...section.notes].flatMap((paragraph) => ['', paragraph])].join('\n')
}

const cellText = (cell: Cell | undefined): string => (cell === undefined ? '' : typeof cell === 'string' ? cell : spreadText(cell))

function ratioText(section: Section, row: SectionRow, key: string): string {
  const ratio = row.contender === oursName ? null : compare(section, row.contender, { of: row.of, key })
  return ratio === null ? '' : figure(ratio)
}

/** Divides ours by a contender's, in one case; null when one of the two was not measured. */
export function compare(section: Section, contender: string, { of, key }: { readonly of: string; readonly key: string }): number | null {
  const [ours, theirs] = [valueOf(section, oursName, { of, key }), valueOf(section, contender, { of, key })]
  return ours === null || theirs === null ? null : ratioOf(ours, theirs)
}

/** Returns a contender's figure in one case; null when it was not measured. */
export function valueOf(section: Section, contender: string, { of, key }: { readonly of: string; readonly key: string }): number | null {
  const cell = section.rows.find((row) => row.contender === contender && row.of === of)?.cells[key]
  return cell === undefined || typeof cell === 'string' ? null : cell.median
}

/** The first line is the head. */
export function renderMarkdown(lines: readonly (readonly string[])[]): string {
  const [head = [], ...body] = lines
  const widths = head.map((_, index) => Math.max(3, ...lines.map((line) => line[index]?.length ?? 0)))
  const render = (cells: readonly string[]): string => `| ${widths.map((width, index) => (cells[index] ?? '').padEnd(width)).join(' | ')} |`
  return [render(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(render)].join('\n')
}
