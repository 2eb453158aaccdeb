import { ok, type Result } from '../../program/result.ts'
import { options } from './options.ts'
import { flagOf, readCommandLine } from '../../program/options/command-line.ts'
import type { OptionError } from '../../program/options/option-error.ts'

export { flagOf }

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** `env` goes over the process's own environment: a flag wins over a variable. */
  | { readonly kind: 'run'; readonly env: Readonly<Record<string, string>> }

/**
 * Reads the gateway's command line: `--help`, `--version`, and a flag for each option.
 * @param argv without the names of the program and script
 */
export function parseCommandLine(argv: readonly string[]): Result<CommandLine, readonly OptionError[]> {
  const read = readCommandLine(options, {}, argv)
  return read.ok && read.value.kind === 'run' ? ok({ kind: 'run', env: read.value.env }) : read
}
