import type { Exit } from '../exit-codes.ts'
import type { Cluster, PluginWorld } from './cluster.ts'

/** Flags of all commands of the plugin, after parsing. */
export interface PluginArguments {
  readonly names: readonly string[]
  readonly file: string | null
  readonly isEverywhere: boolean
  readonly isJson: boolean
  readonly createPaused: boolean
  readonly timeoutMs: number
}

export interface PluginCommand {
  readonly name: string
  readonly summary: string
  /** Command line behind `kubectl carillon`. */
  readonly usage: string
  /** Flags that the command reads, besides those of every command. */
  readonly flags: readonly PluginFlag[]
  readonly about: readonly string[]
  /** Returns what is wrong with the arguments, with its remedy; null: nothing. The cluster is not asked before. */
  problemOf?(given: PluginArguments): string | null
  run(given: PluginArguments, cluster: Cluster, world: PluginWorld): Promise<Exit>
}

export type PluginFlag = 'filename' | 'all-namespaces' | 'create-paused' | 'timeout'

/** Writes an error with its remedy, and returns the exit code. */
export function refusePlugin(world: Pick<PluginWorld, 'err'>, exit: Exclude<Exit, 'ok'>, text: string): Exit {
  world.err(`kubectl carillon: ${text}\n`)
  return exit
}
