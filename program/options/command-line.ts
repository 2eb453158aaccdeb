import { failed, ok, type Result } from '../result.ts'
import { nearestName } from './nearest-name.ts'
import type { OptionError } from './option-error.ts'
import type { Option, OptionTable } from './option.ts'

/** Flags without a variable, such as `--dry-run`, each with a sentence that describes it. */
export type SwitchTable<Switch extends string = string> = Readonly<Record<Switch, string>>

export type TableCommandLine<Switch extends string> =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** `env` overrides the process's own environment: a flag wins over a variable. */
  | { readonly kind: 'run'; readonly env: Readonly<Record<string, string>>; readonly switches: ReadonlySet<Switch> }

/**
 * Reads `--help`, `--version`, the switches, and a flag for each option. The flag is the variable's name in kebab case: `KAFKA_BROKERS` is
 * `--kafka-brokers`. Its value follows after `=` or in the next argument; a boolean needs none. Values are checked later, with the environment.
 * @param argv without the names of the program and script
 */
export function readCommandLine<Switch extends string>(
  table: OptionTable,
  switches: SwitchTable<Switch>,
  argv: readonly string[],
): Result<TableCommandLine<Switch>, readonly OptionError[]> {
  const ends = argv.find((argument) => argument in endings)
  if (ends !== undefined) return ok({ kind: endings[ends] ?? 'help' })
  const flags: Flags = {
    options: new Map(Object.values(table).map((option) => [flagOf(option), option])),
    switches: new Set(Object.keys(switches)),
  }
  const env: Record<string, string> = {}
  const given = new Set<Switch>()
  const errors: OptionError[] = []
  for (let index = 0; index < argv.length;) {
    const read = readFlag(flags, argv, index)
    index += read.ok ? read.value.used : 1
    if (!read.ok) errors.push(read.error)
    else if (read.value.kind === 'option') env[read.value.env] = read.value.text
    // `readFlag` has found it among the keys of `switches`.
    else given.add(read.value.name as Switch)
  }
  return errors.length === 0 ? ok({ kind: 'run', env, switches: given }) : failed(errors)
}

/** Returns `--kafka-brokers` for `KAFKA_BROKERS`. */
export function flagOf(option: Option): string {
  return `--${option.env.toLowerCase().replaceAll('_', '-')}`
}

const endings: Readonly<Record<string, 'help' | 'version'>> = Object.assign(Object.create(null), {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
})

interface Flags {
  readonly options: ReadonlyMap<string, Option>
  readonly switches: ReadonlySet<string>
}

/** `used`: number of arguments. */
type Flag =
  | { readonly kind: 'option'; readonly env: string; readonly text: string; readonly used: 1 | 2 }
  | { readonly kind: 'switch'; readonly name: string; readonly used: 1 }

function readFlag(flags: Flags, argv: readonly string[], index: number): Result<Flag, OptionError> {
  const argument = argv[index] ?? ''
  const [name = '', ...rest] = argument.split('=')
  if (flags.switches.has(name))
    return rest.length === 0
      ? ok({ kind: 'switch', name, used: 1 })
      : failed({ variable: name, given: null, expected: `${name} alone: it takes no value` })
  const option = flags.options.get(name)
  if (option === undefined) return failed(unknown(flags, name))
  if (option.kind === 'secret')
    return failed({
      variable: name,
      given: null,
      expected: `${option.env} or ${option.env}_FILE in the environment, because other users of the machine can read command lines`,
    })
  if (rest.length > 0) return ok({ kind: 'option', env: option.env, text: rest.join('='), used: 1 })
  return readNext(option, name, argv[index + 1])
}

function readNext(option: Option, name: string, next: string | undefined): Result<Flag, OptionError> {
  if (option.kind === 'boolean' && !/^(?:true|false|1|0)$/.test(next ?? ''))
    return ok({ kind: 'option', env: option.env, text: 'true', used: 1 })
  if (next === undefined || next.startsWith('--')) return failed({ variable: name, given: null, expected: `a value, as in ${name}=VALUE` })
  return ok({ kind: 'option', env: option.env, text: next, used: 2 })
}

function unknown(flags: Flags, name: string): OptionError {
  const nearest = nearestName(name, [...flags.options.keys(), ...flags.switches])
  return {
    variable: name,
    given: null,
    expected: nearest === null ? 'a flag that --help lists' : `a flag that --help lists, such as ${nearest}`,
  }
}
