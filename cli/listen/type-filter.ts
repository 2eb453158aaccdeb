import { failed, ok, type Result } from '../../program/result.ts'

export type TypeFilter = (type: string) => boolean

/**
 * Returns a filter that accepts the types that a pattern names: exact, or a prefix with `*` at its end. Without patterns it accepts all.
 * @returns an error with its remedy for a `*` in any other place
 */
export function readTypeFilter(patterns: readonly string[]): Result<TypeFilter, string> {
  const wrong = patterns.find((pattern) => pattern === '' || pattern.slice(0, -1).includes('*'))
  if (wrong !== undefined) return failed(`--type is "${wrong}". Give a whole type, or a prefix with * at its end, such as order.*`)
  if (patterns.length === 0) return ok(() => true)
  return ok((type) => patterns.some((pattern) => (pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern)))
}
