import { parseArgs } from 'node:util'
import { nearestName } from '../program/options/nearest-name.ts'
import { failed, ok, type Result } from '../program/result.ts'
import { messageOf } from '../program/message-of.ts'
import { asSentence } from './as-sentence.ts'
import type { Command, Given } from './command.ts'

/** Reads the arguments behind the name of a command. @returns `null` for `--help`; an error with its remedy */
export function parseCommandLine({ name, flags }: Command, argv: readonly string[]): Result<Given | null, string> {
  const known = ['help', ...Object.keys(flags)]
  // A value that begins with a hyphen (`--batch -`) is text, not a flag.
  const unknown = argv.find((argument, at) => /^--[^=]/.test(argument) && !known.includes(flagName(argument)) && !isValue(flags, argv, at))
  if (unknown !== undefined) {
    const near = nearestName(flagName(unknown), known)
    return failed(
      `${name} has no flag --${flagName(unknown)}. ${near === null ? '' : `Did you mean --${near}? `}carillon ${name} --help lists the flags.`,
    )
  }
  try {
    const parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(Object.entries(flags).map(([flag, { type }]) => [flag, { type, multiple: true }])),
      },
    })
    const { positionals } = parsed
    const values: Readonly<Record<string, unknown>> = parsed.values
    if (values['help'] !== undefined) return ok(null)
    const repeated = Object.entries(flags).find(([flag, { multiple }]) => !multiple && textsOf(values[flag]).length > 1)
    if (repeated !== undefined) return failed(`--${repeated[0]} was given twice. Give it once.`)
    const [url, ...others] = positionals
    if (url === undefined)
      return failed(`${name} needs the URL of a gateway, such as http://localhost:8000. carillon ${name} --help shows an example.`)
    if (others.length > 0) return failed(`${name} takes one URL, and "${others[0]}" is one argument too many. Quote values with blanks.`)
    return ok({
      url,
      text: (flag) => textsOf(values[flag]).at(-1),
      texts: (flag) => textsOf(values[flag]),
      has: (flag) => values[flag] !== undefined,
    })
  } catch (error) {
    // A flag without its value, or a value for a flag that takes none. The message names it.
    return failed(`${asSentence(messageOf(error))} carillon ${name} --help lists the flags.`)
  }
}

const flagName = (argument: string): string => argument.replace(/^--/, '').replace(/=.*$/s, '')

function isValue(flags: Command['flags'], argv: readonly string[], at: number): boolean {
  const before = argv[at - 1] ?? ''
  return before.startsWith('--') && !before.includes('=') && flags[flagName(before)]?.type === 'string'
}

const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
