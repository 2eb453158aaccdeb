import type { Exit } from './exit-codes.ts'
import type { World } from './world.ts'

export interface Flag {
  readonly type: 'string' | 'boolean'
  /** Word for the value in the help. */
  readonly value?: string
  /** The flag may be given several times. */
  readonly multiple?: true
  readonly sentence: string
}

export type Flags = Readonly<Record<string, Flag>>

/** The command line of one command, after parsing. */
export interface Given<Name extends string = string> {
  readonly url: string
  /** Returns the last value of the flag; undefined when it is absent. */
  text(name: Name): string | undefined
  /** Returns all values of the flag, in order. */
  texts(name: Name): readonly string[]
  has(name: Name): boolean
}

export interface Command {
  readonly name: string
  /** One sentence for the list of commands. */
  readonly summary: string
  /** Paragraphs between the usage and the flags. */
  readonly about: readonly string[]
  readonly flags: Flags
  /** Command lines for the help. */
  readonly examples: readonly string[]
  /** Never rejects for a failure that a user can cause. */
  run(given: Given, world: World): Promise<Exit>
}

/** Checks that a command reads only flags that it has declared. */
export function defineCommand<F extends Flags>(
  command: Omit<Command, 'flags' | 'run'> & {
    readonly flags: F
    readonly run: (given: Given<keyof F & string>, world: World) => Promise<Exit>
  },
): Command {
  return command
}

/** Writes an error with its remedy, and returns the exit code. */
export function refuse(world: World, exit: Exclude<Exit, 'ok'>, text: string): Exit {
  world.err(`carillon: ${text}\n`)
  return exit
}
