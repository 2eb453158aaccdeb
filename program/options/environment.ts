import { rowsOf, type Option, type OptionsOf, type OptionTable, type OptionValueOf } from './option.ts'
import { readOption } from './read-option.ts'

/** A variable of a container, as Kubernetes writes it. */
export interface EnvironmentVariable {
  readonly name: string
  readonly value: string
}

/**
 * The environment that makes a program read exactly these options; those left out keep their defaults. In the order of
 * the table, so that the same options always give the same text.
 * @throws RangeError for a value that no environment can say (out of bounds, a comma in a list's item, an empty text in place of a
 *   default that is not empty): check what people wrote before you render it
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
  if (!saysTheSame(option, text, value)) throw new RangeError(`${name} has a value that ${option.env} cannot say`)
  return [{ name: option.env, value: text }]
}

function saysTheSame(option: Option, text: string, value: OptionValueOf): boolean {
  if (text === '') return String(option.default) === ''
  // The file is on the machine that will read the environment, not on this one.
  const read = readOption(option, text, { readable: () => true })
  return read.ok && JSON.stringify(read.value) === JSON.stringify(value)
}
