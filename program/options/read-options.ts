import { ok, type Result } from '../result.ts'
import { rowsOf, type Option, type OptionNameOf, type OptionsOf, type OptionTable, type OptionValueOf } from './option.ts'
import type { OptionError } from './option-error.ts'
import { readOption, type OptionReader } from './read-option.ts'

/** Environment variables; an empty one counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The options of an environment, each read for itself. `brokenRules` checks the rules between them. */
export interface Reading<Table extends OptionTable> {
  /** Complete: an option that is unset or not valid has its default. */
  readonly values: OptionsOf<Table>
  readonly invalid: ReadonlySet<OptionNameOf<Table>>
  readonly errors: readonly OptionError[]
}

/** Reads all options of a table. Pure, but for the injected look at files. */
export function readOptions<Table extends OptionTable>(table: Table, env: Environment, reader: OptionReader): Reading<Table> {
  const values = new Map<string, OptionValueOf>()
  const invalid = new Set<OptionNameOf<Table>>()
  const errors: OptionError[] = []
  for (const [name, option] of rowsOf(table)) {
    const text = env[option.env] ?? ''
    const read: Result<OptionValueOf, string> = text === '' ? ok(option.default) : readOption(option, text, reader)
    values.set(name, read.ok ? read.value : option.default)
    if (read.ok) continue
    invalid.add(name)
    errors.push({ variable: option.env, given: mayBeShown(option, text) ? text : null, expected: read.error })
  }
  // The loop has set each name of the table, to a value of the kind that its row says.
  return { values: Object.fromEntries(values) as unknown as OptionsOf<Table>, invalid, errors }
}

/** A URL that was refused may have been refused for the password in it. */
function mayBeShown(option: Option, text: string): boolean {
  return option.kind !== 'secret' && !text.includes('@')
}
