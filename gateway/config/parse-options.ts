import { failed, ok, type Result } from '../result.ts'
import type { OptionError } from './option-error.ts'
import { options, type Config, type Option, type OptionName, type Options } from './options.ts'
import { readOption, type OptionReader, type OptionValueOf } from './read-option.ts'
import { explain, rules } from './rules.ts'

/** Environment variables; an empty one counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads all options of the table and what they owe each other. Pure, but for the injected look at files.
 * @returns the frozen configuration, or every error there is, at once
 */
export function parseOptions(env: Environment, reader: OptionReader): Result<Config, readonly OptionError[]> {
  const { values, invalid, errors } = readAll(env, reader)
  const isDevelopment = values.nodeEnv !== 'production' && !invalid.has('nodeEnv') && !hasKeys(values, invalid)
  const loopback = isDevelopment ? { host: '127.0.0.1', internalHost: '127.0.0.1' } : {}
  const config: Config = Object.freeze({ ...values, ...loopback, isDevelopment })
  // Without a NODE_ENV that can be read, nobody knows what is required.
  const applicable = rules.filter((rule) => ![...rule.about, 'nodeEnv' as const].some((name) => invalid.has(name)))
  const broken = applicable.map((rule) => explain(rule, config)).filter((error) => error !== null)
  const all = [...errors, ...broken]
  return all.length === 0 ? ok(config) : failed(all)
}

/** The names of the table, in its order. */
// Object.keys of the table gives exactly its keys: it is a literal and has no others.
export const optionNames = Object.freeze(Object.keys(options)) as readonly OptionName[]

interface Reading {
  /** Complete: an option that was unset or wrong has its default. */
  readonly values: Options
  readonly invalid: ReadonlySet<OptionName>
  readonly errors: readonly OptionError[]
}

function readAll(env: Environment, reader: OptionReader): Reading {
  const values = new Map<OptionName, OptionValueOf>()
  const invalid = new Set<OptionName>()
  const errors: OptionError[] = []
  for (const name of optionNames) {
    const option: Option = options[name]
    const text = env[option.env] ?? ''
    const read: Result<OptionValueOf, string> = text === '' ? ok(option.default) : readOption(option, text, reader)
    values.set(name, read.ok ? read.value : option.default)
    if (read.ok) continue
    invalid.add(name)
    errors.push({ variable: option.env, given: mayBeShown(option, text) ? text : null, expected: read.error })
  }
  // The loop has set each name of the table, to a value of the kind that its row says.
  return { values: Object.fromEntries(values) as unknown as Options, invalid, errors }
}

/** A URL that was refused may have been refused for the password in it. */
function mayBeShown(option: Option, text: string): boolean {
  return option.kind !== 'secret' && !text.includes('@')
}

/** Keys that are wrong still say that development mode is not what was meant. */
function hasKeys(values: Options, invalid: ReadonlySet<OptionName>): boolean {
  return values.jwtJwksUri !== '' || values.jwtKeysFile !== '' || invalid.has('jwtJwksUri') || invalid.has('jwtKeysFile')
}
