import { failed, ok, type Result } from '../../program/result.ts'
import type { OptionError } from '../../program/options/option-error.ts'
import type { OptionReader } from '../../program/options/read-option.ts'
import type { Environment } from '../../program/options/read-options.ts'
import { boundOperatorOptions } from './bind-options.ts'
import { modeOf, type Mode } from './mode.ts'
import type { OperatorConfig } from './options.ts'

/** The request of the command line. */
export type OperatorStart =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** `env`: the variables, overridden by flags, for `operatorWarnings`. */
  | { readonly kind: 'run'; readonly mode: Mode; readonly config: OperatorConfig; readonly env: Environment }

/**
 * Reads the operator's command line and its options, and checks the rules between them. Pure, but for the injected look at files.
 * @param argv without the names of the program and script
 * @returns the mode and the frozen options, or every error at once; an error of the command line hides those of the options
 */
export function parseOperatorOptions(
  env: Environment,
  argv: readonly string[],
  reader: OptionReader,
): Result<OperatorStart, readonly OptionError[]> {
  const commandLine = boundOperatorOptions.parseCommandLine(argv)
  if (!commandLine.ok) return commandLine
  if (commandLine.value.kind !== 'run') return ok(commandLine.value)
  const mode = modeOf(commandLine.value.switches)
  if (!mode.ok) return failed([mode.error])
  const all = { ...env, ...commandLine.value.env }
  const config = parse(all, mode.value, reader)
  return config.ok ? ok({ kind: 'run', mode: mode.value, config: config.value, env: all }) : config
}

function parse(env: Environment, mode: Mode, reader: OptionReader): Result<OperatorConfig, readonly OptionError[]> {
  const reading = boundOperatorOptions.read(env, reader)
  const errors = boundOperatorOptions.errorsOf(reading, { ...reading.values, mode })
  return errors.length === 0 ? ok(Object.freeze(reading.values)) : failed(errors)
}
