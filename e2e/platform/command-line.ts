import { parsePlatformOptions, type PlatformOptions, renderHelp } from './options.ts'
import { StepFailure } from './step-failure.ts'

export interface CommandLine {
  /** Flags of `make up`. */
  readonly name: string
  /** Purpose of the command, in a sentence. */
  readonly what: string
  readonly run: (options: PlatformOptions) => Promise<boolean>
}

/** Parses the flags of a command, and runs it. @returns the exit code: 2 for invalid flags, 1 when the command failed */
export async function runCommandLine(
  { name, what, run }: CommandLine,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const options = parsePlatformOptions(args, env)
  if (!options.ok) {
    console.error(`${options.error.join('\n')}\n--help lists the flags.`)
    return 2
  }
  if (options.value === 'help') {
    console.log(renderHelp(name, what))
    return 0
  }
  try {
    return (await run(options.value)) ? 0 : 1
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    console.error(
      [error.message, ...error.why.map((line) => `| ${line}`), ...(error.todo === '' ? [] : [`What to do: ${error.todo}`])].join('\n'),
    )
    return 1
  }
}
