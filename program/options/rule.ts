import type { Option, OptionValueOf } from './option.ts'
import type { OptionError } from './option-error.ts'

/**
 * What options owe each other. A rule looks at options that were each read without error, and is left out when one of
 * those it is about was not: a wrong value is reported once, not again as missing.
 */
export interface Rule<Name extends string, Config> {
  /** The options that the rule reads; the first is the one that the error is about. */
  readonly about: readonly [Name, ...Name[]]
  /** Null when the rule is kept; otherwise what was expected. */
  readonly broken: (config: Config) => string | null
}

type Rows<Name extends string> = Readonly<Record<Name, Option>>

/** The errors of the rules that are not kept, in the order of the rules. */
export function brokenRules<Name extends string, Config extends Readonly<Record<Name, OptionValueOf>>>(
  table: Rows<Name>,
  rules: readonly Rule<Name, Config>[],
  { config, invalid }: { readonly config: Config; readonly invalid: ReadonlySet<Name> },
): readonly OptionError[] {
  const applicable = rules.filter((rule) => !rule.about.some((name) => invalid.has(name)))
  return applicable.flatMap((rule) => {
    const expected = rule.broken(config)
    const [name] = rule.about
    return expected === null ? [] : [{ variable: table[name].env, given: shown(table[name], config[name]), expected }]
  })
}

function shown(option: Option, value: OptionValueOf): string | null {
  const text = String(value)
  return option.kind === 'secret' || text === '' ? null : text
}

/** For `Rule.broken`: null when the rule is kept. */
export function unless(kept: boolean, expected: string): string | null {
  return kept ? null : expected
}

/** The option `name` is no less than `floor`. */
export function atLeast<Name extends string>(
  table: Rows<Name>,
  name: Name,
  floor: Name,
  otherwise: string,
): Rule<Name, Readonly<Record<Name, number>>> {
  return {
    about: [name, floor],
    broken: (config) => unless(config[name] >= config[floor], `at least ${table[floor].env} (${config[floor]}): ${otherwise}`),
  }
}
