import { renderErrors, type OptionError } from '../../program/options/option-error.ts'

export type { OptionError }

/** What is wrong with the gateway's options, one error per line, with the way to the full list. */
export function renderOptionErrors(errors: readonly OptionError[]): string {
  return renderErrors(errors, '--help (make start ARGS=--help), or docs/reference/configuration.md')
}
