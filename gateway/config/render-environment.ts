import { options, type Options } from './options.ts'
import { renderTableEnvironment, type EnvironmentVariable } from '../../program/options/environment.ts'

export type { EnvironmentVariable }

/**
 * The environment that makes `parseOptions` read exactly these options of the gateway; those left out keep their defaults.
 * @throws RangeError for a value that no environment can say: check what people wrote before you render it
 */
export function renderEnvironment(given: Partial<Options>): readonly EnvironmentVariable[] {
  return renderTableEnvironment(options, given)
}
