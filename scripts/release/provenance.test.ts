import { expect, it } from 'vitest'
import { textArtifact } from './artifact.ts'
import { renderProvenance } from './provenance.ts'

const details = {
  version: '0.2.0',
  source: { commit: 'a'.repeat(40), epoch: 1_700_000_000 },
  tools: { node: 'v24.0.0', npm: '11.0.0', helm: 'v3.19.0' },
  bases: [
    { stage: 'node', image: `node:24@sha256:${'b'.repeat(64)}`, digest: `sha256:${'b'.repeat(64)}` },
    { stage: 'debian', image: 'debian:12', digest: null },
  ],
}

it('states the digest of each artifact, the commit, the base images, and the version of each tool', () => {
  expect(renderProvenance([textArtifact('b', ''), textArtifact('a', 'hello\n')], details)).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      { name: 'a', digest: { sha256: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03' } },
      { name: 'b', digest: { sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' } },
    ],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://github.com/carillon-dev/carillon/blob/main/docs/releasing.md',
        externalParameters: { command: 'make release VERSION=0.2.0', version: '0.2.0' },
        internalParameters: { sourceDateEpoch: 1_700_000_000 },
        resolvedDependencies: [
          { uri: 'git+https://github.com/carillon-dev/carillon.git', digest: { gitCommit: 'a'.repeat(40) } },
          { uri: `docker://node:24@sha256:${'b'.repeat(64)}`, digest: { sha256: 'b'.repeat(64) } },
          { uri: 'docker://debian:12' },
          { name: 'node', annotations: { version: 'v24.0.0' } },
          { name: 'npm', annotations: { version: '11.0.0' } },
          { name: 'helm', annotations: { version: 'v3.19.0' } },
        ],
      },
      runDetails: { builder: { id: 'https://github.com/carillon-dev/carillon/blob/main/scripts/release/main.ts' } },
    },
  })
})
