import { must } from '../platform/command.ts'
import { namespaces, type Platform } from '../platform/platform-steps.ts'

/** helm, where the operator is. @param input what it reads, such as values @returns its output @throws StepFailure with what it wrote, when it does not work */
export function helm({ run }: Pick<Platform, 'run'>, words: readonly string[], input?: string): Promise<string> {
  return must(
    run('helm', [...words, '--namespace', namespaces.operator], input === undefined ? {} : { input }),
    `helm ${words.join(' ')} did not work`,
  )
}

/** The values that the chart was installed with, as JSON. */
export const valuesInUse = (platform: Pick<Platform, 'run'>): Promise<string> =>
  helm(platform, ['get', 'values', 'carillon', '--output', 'json'])
