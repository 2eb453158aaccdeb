import type { BaseImage } from '../image/base-images.ts'
import { digestOf, sortedArtifacts, type Artifact } from './artifact.ts'
import { homepage, repositoryUrl } from './project.ts'

/** The commit that a release is built from. */
export interface Source {
  /** SHA-1 of the commit. */
  readonly commit: string
  /** Seconds since 1970: the committer's date. */
  readonly epoch: number
}

/** Commands that shaped the bytes, with their versions. */
export type Tools = Readonly<Record<'node' | 'npm' | 'helm', string>>

interface Build {
  readonly version: string
  readonly source: Source
  readonly tools: Tools
  /** Images that the image is built on. Empty for a release without an image. */
  readonly bases: readonly BaseImage[]
}

/**
 * Returns the in-toto statement that says what a release was built from: https://slsa.dev/spec/v1.0/provenance. It is not signed; the workflow signs
 * the checksums. It holds no time and no machine, so two builds give the same bytes.
 */
export function renderProvenance(artifacts: readonly Artifact[], { version, source, tools, bases }: Build): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: sortedArtifacts(artifacts).map(({ name, bytes }) => ({ name, digest: { sha256: digestOf(bytes) } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `${homepage}/blob/main/docs/releasing.md`,
        externalParameters: { command: `make release VERSION=${version}`, version },
        internalParameters: { sourceDateEpoch: source.epoch },
        resolvedDependencies: [
          { uri: `git+${repositoryUrl}`, digest: { gitCommit: source.commit } },
          ...bases.map(({ image, digest }) => ({
            uri: `docker://${image}`,
            ...(digest === null ? {} : { digest: { sha256: digest.replace('sha256:', '') } }),
          })),
          ...Object.entries(tools).map(([name, toolVersion]) => ({ name, annotations: { version: toolVersion } })),
        ],
      },
      runDetails: { builder: { id: `${homepage}/blob/main/scripts/release/main.ts` } },
    },
  }
}
