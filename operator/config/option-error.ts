import { renderErrors, type OptionError } from '../../program/options/option-error.ts'

export type { OptionError }

/** What is wrong with the operator's options, one error per line, with the way to the full list. */
export function renderOperatorOptionErrors(errors: readonly OptionError[]): string {
  return renderErrors(errors, 'node operator/main.ts --help, or docs/reference/operator-configuration.md')
}
