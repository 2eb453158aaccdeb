import type { Result } from '../result.ts'
import { readCommandLine, type SwitchTable, type TableCommandLine } from './command-line.ts'
import { renderTableEnvironment, type EnvironmentVariable } from './environment.ts'
import { renderTableHelp } from './help.ts'
import { namesOf, type OptionNameOf, type OptionsOf, type OptionTable } from './option.ts'
import { renderErrors, type OptionError } from './option-error.ts'
import { renderTableReference } from './reference.ts'
import type { OptionReader } from './read-option.ts'
import { readOptions, type Environment, type Reading } from './read-options.ts'
import { brokenRules, type Rule } from './rule.ts'

/** The texts of a program that its option table does not have. */
export interface TableTexts<Switch extends string> {
  /** First lines of `--help`, at most 100 columns wide. */
  readonly usage: string
  /** Flags without a variable. */
  readonly switches: SwitchTable<Switch>
  /** Markdown of the reference, from its title to the first group of options. */
  readonly introduction: string
  /** Place of the full list, as the end of the sentence "All options: ..." below errors. */
  readonly fullList: string
}

/** A program's option table with its rules and texts: all that follows from the three. */
export interface BoundTable<Table extends OptionTable, Checked, Switch extends string> {
  /** Names of the options, in the order of the table. */
  readonly names: readonly OptionNameOf<Table>[]
  /**
   * Reads the command line: `--help`, `--version`, the switches, and a flag for each option.
   * @param argv without the names of the program and script
   */
  parseCommandLine(argv: readonly string[]): Result<TableCommandLine<Switch>, readonly OptionError[]>
  /** Reads each option of the environment for itself. Pure, but for the injected look at files. */
  read(env: Environment, reader: OptionReader): Reading<Table>
  /** Returns every error there is: those of single options, and of rules between them. */
  errorsOf(reading: Reading<Table>, config: Checked): readonly OptionError[]
  /** Returns the environment that makes `read` find exactly these options. @throws RangeError for a value that no environment can express */
  renderEnvironment(given: Partial<OptionsOf<Table>>): readonly EnvironmentVariable[]
  /** Returns the text of `--help`. */
  renderHelp(): string
  /** Returns the errors for a person, one per line, and the way to the full list. */
  renderErrors(errors: readonly OptionError[]): string
  /** Returns the page of docs/reference/, without the line that says that it is generated. */
  renderReference(): string
}

export function bindTable<Table extends OptionTable, Checked extends OptionsOf<Table>, Switch extends string>(
  table: Table,
  rules: readonly Rule<OptionNameOf<Table>, Checked>[],
  texts: TableTexts<Switch>,
): BoundTable<Table, Checked, Switch> {
  return {
    names: namesOf(table),
    parseCommandLine: (argv) => readCommandLine(table, texts.switches, argv),
    read: (env, reader) => readOptions(table, env, reader),
    errorsOf: ({ invalid, errors }, config) => [...errors, ...brokenRules(table, rules, { config, invalid })],
    renderEnvironment: (given) => renderTableEnvironment(table, given),
    renderHelp: () => renderTableHelp(table, texts),
    renderErrors: (errors) => renderErrors(errors, texts.fullList),
    renderReference: () => renderTableReference(table, texts),
  }
}
