import { digestOf, type Artifact } from './artifact.ts'

/** Returns a line for each file that two builds do not have in common: missing from one, or with another digest. */
export function compareReleases(first: readonly Artifact[], second: readonly Artifact[]): readonly string[] {
  const digests = (artifacts: readonly Artifact[]): ReadonlyMap<string, string> =>
    new Map(artifacts.map(({ name, bytes }) => [name, digestOf(bytes)]))
  const [a, b] = [digests(first), digests(second)]
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => `${name}: ${a.get(name) ?? 'missing'} and ${b.get(name) ?? 'missing'}`)
}
