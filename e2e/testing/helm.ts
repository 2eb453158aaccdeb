import { must } from '../platform/command.ts'
import { namespaces, type Platform } from '../platform/platform-steps.ts'

/**
 * Runs helm in the operator's namespace. @param input standard input, such as values @returns its output @throws StepFailure with its
 * output, when it fails
 */
export function helm({ run }: Pick<Platform, 'run'>, words: readonly string[], input?: string): Promise<string> {
  return must(
    run('helm', [...words, '--namespace', namespaces.operator], input === undefined ? {} : { input }),
    `helm ${words.join(' ')} did not work`,
  )
}

/** Returns the values of the installed chart, as JSON. */
export const valuesInUse = (platform: Pick<Platform, 'run'>): Promise<string> =>
  helm(platform, ['get', 'values', 'carillon', '--output', 'json'])
