import { createHash } from 'node:crypto'

/** A file of a release. */
export interface Artifact {
  /** Name in the folder of the release, without a slash. */
  readonly name: string
  readonly bytes: Uint8Array
}

export const textArtifact = (name: string, text: string): Artifact => ({ name, bytes: new TextEncoder().encode(text) })

export const jsonArtifact = (name: string, value: unknown): Artifact => textArtifact(name, `${JSON.stringify(value, null, 2)}\n`)

/** Returns the SHA-256 in lower-case hex. */
export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Returns the artifacts in the order of their names, which no locale changes. */
export const sortedArtifacts = (artifacts: readonly Artifact[]): readonly Artifact[] =>
  artifacts.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))

/** Returns the lines of SHA256SUMS, as `sha256sum --check` reads them. */
export function renderChecksums(artifacts: readonly Artifact[]): string {
  return sortedArtifacts(artifacts)
    .map(({ name, bytes }) => `${digestOf(bytes)}  ${name}\n`)
    .join('')
}
