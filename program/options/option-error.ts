/** An option whose value, from the environment or the command line, cannot be used. */
export interface OptionError {
  /** The environment variable or the flag. */
  readonly variable: string
  /** The given text. Null when none was given, and always for a secret. */
  readonly given: string | null
  /** The valid values, as the end of the sentence "expected ...". */
  readonly expected: string
}

const shownCharacters = 80

/** Returns one line for a person: the variable, the given text, the expected values. */
export function renderOptionError(error: OptionError): string {
  const given = error.given === null ? '' : `${quote(error.given)} is not valid; `
  return `${error.variable}: ${given}expected ${error.expected}`
}

/**
 * Returns all errors, one per line, and the place of the full list.
 * @param list place of the full list, as the end of the sentence "All options: ..."
 */
export function renderErrors(errors: readonly OptionError[], list: string): string {
  const count = errors.length === 1 ? 'An option is not valid' : `${errors.length} options are not valid`
  return [`${count}:`, ...errors.map((error) => `  ${renderOptionError(error)}`), `All options: ${list}`].join('\n')
}

function quote(text: string): string {
  return JSON.stringify(text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text)
}
