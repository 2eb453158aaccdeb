import { flagOf } from './command-line.ts'
import { renderDefault } from './help.ts'
import type { Option, OptionTable } from './option.ts'
import { describeExpected } from './read-option.ts'

/** Returns a page of docs/reference/ with all options of a table, without the line that says that it is generated. */
export function renderTableReference(table: OptionTable, { introduction }: { readonly introduction: string }): string {
  const all = Object.values(table)
  const groups = [...new Set(all.map((option) => option.group))]
  return (
    [
      introduction,
      ...groups.map((group) =>
        renderGroup(
          group,
          all.filter((option) => option.group === group),
        ),
      ),
    ].join('\n\n') + '\n'
  )
}

function renderGroup(group: string, members: readonly Option[]): string {
  const rows = members.map(
    (option) =>
      `| \`${option.env}\` | \`${flag(option)}\` | ${cell(describeExpected(option))} | ${defaultCell(option)} | ${cell(option.sentence)} |`,
  )
  return [`## ${group}`, '', '| variable | flag | value | default | what it does |', '|---|---|---|---|---|', ...rows].join('\n')
}

function flag(option: Option): string {
  return option.kind === 'secret' ? 'no flag' : flagOf(option)
}

function defaultCell(option: Option): string {
  const text = renderDefault(option)
  return text === 'none' ? '' : `\`${text}\``
}

/** A pipe would end the cell; a pattern is code, between two backquotes because it may hold one. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
