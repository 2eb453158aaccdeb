/**
 * The row of one option. `kind` is the form of its variable's text: integer, boolean (true/false/1/0), string, enum, list (comma separated), file (a
 * path that must be readable), url, secret (never shown).
 */
export type Option =
  | (OptionBase & { readonly kind: 'integer'; readonly default: number; readonly min: number; readonly max: number })
  | (OptionBase & { readonly kind: 'boolean'; readonly default: boolean })
  | (OptionBase & {
      readonly kind: 'string' | 'secret' | 'file' | 'url'
      readonly default: string
      readonly maxLength?: number
    } & Patterned)
  | (OptionBase & { readonly kind: 'enum'; readonly default: string; readonly values: readonly string[] })
  | (OptionBase & {
      readonly kind: 'list'
      readonly default: readonly string[]
      readonly maxItems: number
      readonly values?: readonly string[]
      readonly items?: 'broker' | 'origin' | 'namespace' | 'token-type' | 'request-header'
    })

/** Both or neither: an error describes the pattern in words. */
type Patterned = { readonly pattern: string; readonly inWords: string } | { readonly pattern?: undefined; readonly inWords?: undefined }

interface OptionBase {
  /** The environment variable. */
  readonly env: string
  /** The heading above it in the help and the reference. */
  readonly group: string
  readonly sentence: string
}

/** All options of one program, in the order in which its help lists them. */
export type OptionTable<Group extends string = string> = Readonly<Record<string, Option & { readonly group: Group }>>

export type OptionNameOf<Table extends OptionTable> = Extract<keyof Table, string>

/** The values of a table's options, each of the type of its row. */
export type OptionsOf<Table extends OptionTable> = { readonly [Name in OptionNameOf<Table>]: OptionValue<Table[Name]> }

type OptionValue<O> = O extends { kind: 'integer' }
  ? number
  : O extends { kind: 'boolean' }
    ? boolean
    : O extends { kind: 'enum'; values: readonly (infer V)[] }
      ? V
      : O extends { kind: 'list' }
        ? readonly string[]
        : string

/** A value of any option, before its name is known to the type checker. */
export type OptionValueOf = string | number | boolean | readonly string[]

/** Returns the names of a table, in its order. */
export function namesOf<Table extends OptionTable>(table: Table): readonly OptionNameOf<Table>[] {
  // Object.keys gives exactly the table's keys: tables are literals and have no others.
  return Object.freeze(Object.keys(table)) as readonly OptionNameOf<Table>[]
}

/** Returns the names and rows of a table, in its order. */
export function rowsOf<Table extends OptionTable>(table: Table): readonly (readonly [OptionNameOf<Table>, Option])[] {
  // Object.entries gives exactly the table's rows, too.
  return Object.entries(table) as unknown as readonly (readonly [OptionNameOf<Table>, Option])[]
}
