import { failed, ok, type Result } from '../result.ts'
import type { OptionError } from './option-error.ts'
import { options, type Option } from './options.ts'
import { optionNames } from './parse-options.ts'
import { nearestName } from './warnings.ts'

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** `env` goes over the process's own environment: a flag wins over a variable. */
  | { readonly kind: 'run'; readonly env: Readonly<Record<string, string>> }

/**
 * Reads `--help`, `--version`, and a flag for each option: the variable's name in kebab case (`KAFKA_BROKERS` is
 * `--kafka-brokers`), with its value after `=` or in the next argument. A boolean may go without one. Values are not judged
 * here but with the rest of the environment.
 * @param argv without the names of the program and script
 */
export function parseCommandLine(argv: readonly string[]): Result<CommandLine, readonly OptionError[]> {
  const ends = argv.find((argument) => argument in endings)
  if (ends !== undefined) return ok({ kind: endings[ends] ?? 'help' })
  const env: Record<string, string> = {}
  const errors: OptionError[] = []
  for (let index = 0; index < argv.length; ) {
    const read = readFlag(argv, index)
    if (read.ok) env[read.value.env] = read.value.text
    else errors.push(read.error)
    index += read.ok ? read.value.used : 1
  }
  return errors.length === 0 ? ok({ kind: 'run', env }) : failed(errors)
}

/** `KAFKA_BROKERS` is `--kafka-brokers`. */
export function flagOf(option: Option): string {
  return `--${option.env.toLowerCase().replaceAll('_', '-')}`
}

const endings: Readonly<Record<string, 'help' | 'version'>> = Object.assign(Object.create(null), { '--help': 'help', '-h': 'help', '--version': 'version' })

const flags: ReadonlyMap<string, Option> = new Map(optionNames.map((name) => [flagOf(options[name]), options[name]]))

interface Flag {
  readonly env: string
  readonly text: string
  /** How many arguments it took. */
  readonly used: 1 | 2
}

function readFlag(argv: readonly string[], index: number): Result<Flag, OptionError> {
  const argument = argv[index] ?? ''
  const [name = '', ...rest] = argument.split('=')
  const option = flags.get(name)
  if (option === undefined) return failed(unknown(name))
  if (option.kind === 'secret') return failed({ variable: name, given: null, expected: `${option.env} or ${option.env}_FILE in the environment: other users of a machine can read command lines` })
  if (rest.length > 0) return ok({ env: option.env, text: rest.join('='), used: 1 })
  return readNext(option, name, argv[index + 1])
}

function readNext(option: Option, name: string, next: string | undefined): Result<Flag, OptionError> {
  if (option.kind === 'boolean' && !/^(?:true|false|1|0)$/.test(next ?? '')) return ok({ env: option.env, text: 'true', used: 1 })
  if (next === undefined || next.startsWith('--')) return failed({ variable: name, given: null, expected: `a value, as in ${name}=VALUE` })
  return ok({ env: option.env, text: next, used: 2 })
}

function unknown(name: string): OptionError {
  const nearest = nearestName(name, [...flags.keys()])
  return { variable: name, given: null, expected: nearest === null ? 'a flag that --help lists' : `a flag that --help lists, such as ${nearest}` }
}
