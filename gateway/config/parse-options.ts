import { failed, ok, type Result } from '../../program/result.ts'
import { options, type Config, type OptionName, type Options } from './options.ts'
import { rules } from './rules.ts'
import { namesOf } from '../../program/options/option.ts'
import type { OptionError } from '../../program/options/option-error.ts'
import type { OptionReader } from '../../program/options/read-option.ts'
import { readOptions, type Environment } from '../../program/options/read-options.ts'
import { brokenRules } from '../../program/options/rule.ts'

export type { Environment }

/** The names of the table, in its order. */
export const optionNames = namesOf(options)

/**
 * Reads all options of the table and what they owe each other. Pure, but for the injected look at files.
 * @returns the frozen configuration, or every error there is, at once
 */
export function parseOptions(env: Environment, reader: OptionReader): Result<Config, readonly OptionError[]> {
  const { values, invalid, errors } = readOptions(options, env, reader)
  const isDevelopment = values.nodeEnv !== 'production' && !invalid.has('nodeEnv') && !hasKeys(values, invalid)
  const loopback = isDevelopment ? { host: '127.0.0.1', internalHost: '127.0.0.1' } : {}
  const config: Config = Object.freeze({ ...values, ...loopback, isDevelopment })
  // Without a NODE_ENV that can be read, nobody knows what is required.
  const applicable = invalid.has('nodeEnv') ? [] : rules
  const all = [...errors, ...brokenRules(options, applicable, { config, invalid })]
  return all.length === 0 ? ok(config) : failed(all)
}

/** Keys that are wrong still say that development mode is not what was meant. */
function hasKeys(values: Options, invalid: ReadonlySet<OptionName>): boolean {
  return values.jwtJwksUri !== '' || values.jwtKeysFile !== '' || invalid.has('jwtJwksUri') || invalid.has('jwtKeysFile')
}
