/** Why a value of one option, from the environment or the command line, cannot be used. */
export interface OptionError {
  /** The environment variable or the flag. */
  readonly variable: string
  /** What was given; null when nothing was, and always for a secret. */
  readonly given: string | null
  /** What would have been right, as the end of the sentence "expected ...". */
  readonly expected: string
}

const shownCharacters = 80

/** One line for a person: which variable, what was given, what is expected. */
export function renderOptionError(error: OptionError): string {
  const given = error.given === null ? '' : `${quote(error.given)} is not right; `
  return `${error.variable}: ${given}expected ${error.expected}`
}

/**
 * All of it, one error per line, with the way to the full list.
 * @param list where all options are listed, as the end of the sentence "All options: ..."
 */
export function renderErrors(errors: readonly OptionError[], list: string): string {
  const count = errors.length === 1 ? 'An option is not right' : `${errors.length} options are not right`
  return [`${count}:`, ...errors.map((error) => `  ${renderOptionError(error)}`), `All options: ${list}`].join('\n')
}

function quote(text: string): string {
  return JSON.stringify(text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text)
}
