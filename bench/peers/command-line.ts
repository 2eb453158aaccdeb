import { messageOf } from '../../program/message-of.ts'
import { parseArgs } from 'node:util'
import { failed, ok, type Result } from '../../program/result.ts'

export interface Choice {
  readonly isQuick: boolean
  readonly isHelp: boolean
  readonly measures: readonly string[]
  readonly contenders: readonly string[]
  /** True when everything runs in full length, so that the page may be written. */
  readonly isWhole: boolean
}

interface Names {
  readonly measures: readonly string[]
  readonly contenders: readonly string[]
}

/**
 * Parses the command line. Names of measures and contenders may come in any order; none of a kind means all. Carillon is always measured.
 */
export function parseCommandLine(args: readonly string[], names: Names): Result<Choice, string> {
  const options = { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const
  const parsed = parse(() => parseArgs({ args: [...args], options, allowPositionals: true }))
  if (!parsed.ok) return parsed
  const { values, positionals } = parsed.value
  const unknown = positionals.filter((name) => !names.measures.includes(name) && !names.contenders.includes(name))
  if (unknown.length > 0) return failed(`There is no measure and no server ${unknown.join(', ')}.`)
  const chosen = (all: readonly string[]): readonly string[] =>
    all.some((name) => positionals.includes(name)) ? all.filter((name) => positionals.includes(name)) : all
  const contenders = chosen(names.contenders)
  const [ours] = names.contenders
  return ok({
    isQuick: values.quick,
    isHelp: values.help,
    measures: chosen(names.measures),
    contenders: ours === undefined || contenders.includes(ours) ? contenders : [ours, ...contenders],
    isWhole: !values.quick && positionals.length === 0,
  })
}

function parse<T>(run: () => T): Result<T, string> {
  try {
    return ok(run())
  } catch (error) {
    // The option is unknown.
    return failed(messageOf(error))
  }
}

export const usageText = ({ measures, contenders }: Names): string => `Usage: node bench/peers/main.ts [--quick] [NAME...]

Measures Carillon side by side with other servers, on this machine, and prints a Markdown table. Without names, all of it, which
takes less than 20 minutes and writes docs/benchmarks.md.

Measures: ${measures.join(', ')}.
Servers:  ${contenders.join(', ')}. Ours is always measured.
--quick   takes seven minutes and shows that it works; its figures are not worth quoting.`
