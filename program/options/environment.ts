import { rowsOf, type Option, type OptionsOf, type OptionTable, type OptionValueOf } from './option.ts'
import { readOption } from './read-option.ts'

/** A variable of a container, in the form of Kubernetes. */
export interface EnvironmentVariable {
  readonly name: string
  readonly value: string
}

/**
 * Returns the environment that makes a program read exactly these options. Options that are left out keep their defaults. The order is that of the
 * table, so the same options always give the same text.
 * @throws RangeError for a value that no environment can express: out of bounds, a comma in a list's item, an empty text where the default is not
 *   empty. Check values of users before you render them
 */
export function renderTableEnvironment<Table extends OptionTable>(
  table: Table,
  given: Partial<OptionsOf<Table>>,
): readonly EnvironmentVariable[] {
  return rowsOf(table).flatMap(([name, option]) => renderOption(name, option, given[name]))
}

function renderOption(name: string, option: Option, value: OptionValueOf | undefined): readonly EnvironmentVariable[] {
  if (value === undefined) return []
  const text = typeof value === 'object' ? value.join(',') : String(value)
  if (!expresses(option, text, value)) throw new RangeError(`${name} has a value that ${option.env} cannot express`)
  return [{ name: option.env, value: text }]
}

function expresses(option: Option, text: string, value: OptionValueOf): boolean {
  if (text === '') return String(option.default) === ''
  // The file is on the machine that reads the environment, not on this one.
  const read = readOption(option, text, { readable: () => true })
  return read.ok && JSON.stringify(read.value) === JSON.stringify(value)
}
