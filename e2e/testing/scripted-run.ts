import type { CommandOptions, CommandResult, Run } from '../platform/command.ts'

export interface ScriptedRun {
  readonly run: Run
  /** Each command, as one text. */
  readonly calls: string[]
  /** Standard inputs, in the order of the calls that had one. */
  readonly inputs: string[]
}

type Answer = Partial<CommandResult> | string

/**
 * Test double for commands. @param answers by the beginning of a command; the longest match counts, and a command without a match succeeds
 * without output
 */
export function scriptedRun(answers: Readonly<Record<string, Answer>> = {}): ScriptedRun {
  const calls: string[] = []
  const inputs: string[] = []
  const run: Run = (command, words, options: CommandOptions = {}) => {
    const call = [command, ...words].join(' ')
    calls.push(call)
    if (options.input !== undefined) inputs.push(options.input)
    const [known] = Object.keys(answers)
      .filter((start) => call.startsWith(start))
      .toSorted((a, b) => b.length - a.length)
    const answer = known === undefined ? {} : (answers[known] ?? {})
    return Promise.resolve({ code: 0, stdout: '', stderr: '', ...(typeof answer === 'string' ? { stdout: answer } : answer) })
  }
  return { run, calls, inputs }
}
