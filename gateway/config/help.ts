import { flagOf } from './command-line.ts'
import { options, type Option } from './options.ts'
import { optionNames } from './parse-options.ts'
import { describeExpected } from './read-option.ts'

const columns = 100
const indent = '      '

/** The text of `--help`: all options in their groups, with defaults and bounds, at most 100 columns wide. */
export function renderHelp(): string {
  const all: readonly Option[] = optionNames.map((name) => options[name])
  const groups = [...new Set(all.map((option) => option.group))]
  const sections = groups.map((group) => [`${group}:`, ...all.filter((option) => option.group === group).map(renderOption)].join('\n'))
  return [usage, ...sections].join('\n\n') + '\n'
}

const usage = `Carillon gateway: delivers CloudEvents from Kafka to exactly the right browsers.

Usage: node gateway/main.ts [--help] [--version] [--OPTION=VALUE ...]

Without keys (JWT_JWKS_URI, JWT_KEYS_FILE) it runs in development mode: on 127.0.0.1 only, with
tokens that anybody on this machine can make. NODE_ENV=production forbids that.

Each option is an environment variable, and, secrets excepted, a flag that wins over it. An empty
variable counts as unset. All errors are reported at once.`

function renderOption(option: Option): string {
  const name = option.kind === 'secret' ? option.env : `${option.env}, ${flagOf(option)}`
  const described = `${option.sentence} ${capital(describeExpected(option))}. Default: ${renderDefault(option)}.`
  return [`  ${name}`, ...wrap(described, columns - indent.length).map((line) => `${indent}${line}`)].join('\n')
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
