import type { Option, OptionValueOf } from './option.ts'
import type { OptionError } from './option-error.ts'

/**
 * A rule between options. It is checked only when every option that it reads is valid: a wrong value is reported once, not again as missing.
 */
export interface Rule<Name extends string, Config> {
  /** The options that the rule reads. The error names the first. */
  readonly about: readonly [Name, ...Name[]]
  /** Returns null when the rule is kept, else the expected values. */
  readonly broken: (config: Config) => string | null
}

type Rows<Name extends string> = Readonly<Record<Name, Option>>

/** Returns the errors of the broken rules, in the order of the rules. */
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

/** Returns null when the rule is kept: the result of `Rule.broken`. */
export function unless(kept: boolean, expected: string): string | null {
  return kept ? null : expected
}

/** Returns the rule that the option `name` is at least the option `floor`. */
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
