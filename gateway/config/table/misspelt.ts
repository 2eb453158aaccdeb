import { nearestName } from './nearest-name.ts'
import type { OptionTable } from './option.ts'
import type { Environment } from './read-options.ts'

/** Sentences about variables that look like a misspelt option of the table: they would be ignored without a word. */
export function misspelt(table: OptionTable, env: Environment): readonly string[] {
  const known = Object.values(table).map((option) => option.env)
  const knownSet: ReadonlySet<string> = new Set(known)
  return Object.keys(env)
    .filter((name) => !knownSet.has(name) && (env[name] ?? '') !== '')
    .flatMap((name) => {
      const nearest = nearestName(name, known)
      return nearest === null ? [] : [`${name} is no option and is ignored. Did you mean ${nearest}?`]
    })
}
