import { flagOf, type SwitchTable } from './command-line.ts'
import type { Option, OptionTable } from './option.ts'
import { describeExpected } from './read-option.ts'

const columns = 100
const indent = '      '

/**
 * Returns the text of `--help`: all options in their groups, with defaults and bounds, at most 100 columns wide.
 * @param texts `usage`: the first lines; `switches`: flags without a variable
 */
export function renderTableHelp(
  table: OptionTable,
  { usage, switches }: { readonly usage: string; readonly switches: SwitchTable },
): string {
  const all = Object.values(table)
  const groups = [...new Set(all.map((option) => option.group))]
  const flags = Object.entries(switches).map(([name, sentence]) => entry(name, sentence))
  const modes = flags.length === 0 ? [] : [['Flags without a variable:', ...flags].join('\n')]
  const sections = groups.map((group) => [`${group}:`, ...all.filter((option) => option.group === group).map(renderOption)].join('\n'))
  return [usage, ...modes, ...sections].join('\n\n') + '\n'
}

function renderOption(option: Option): string {
  const name = option.kind === 'secret' ? option.env : `${option.env}, ${flagOf(option)}`
  const described = `${option.sentence} ${capital(describeExpected(option))}. Default: ${renderDefault(option)}.`
  return entry(name, described)
}

function entry(name: string, text: string): string {
  return [`  ${name}`, ...wrap(text, columns - indent.length).map((line) => `${indent}${line}`)].join('\n')
}

/** The default as a person would type it. */
export function renderDefault(option: Option): string {
  if (typeof option.default !== 'object') return option.default === '' ? 'none' : String(option.default)
  return option.default.length === 0 ? 'none' : option.default.join(',')
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

/** Breaks at blanks; a word that is wider than the line is cut, so that no line ever is. */
function wrap(text: string, width: number): readonly string[] {
  const pieces = text.split(' ').flatMap((word) => word.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [])
  return pieces.reduce<readonly string[]>((lines, piece) => {
    const last = lines.at(-1)
    const fits = last !== undefined && last.length + 1 + piece.length <= width
    return fits ? [...lines.slice(0, -1), `${last} ${piece}`] : [...lines, piece]
  }, [])
}
