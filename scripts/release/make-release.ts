import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { jsonArtifact, renderChecksums, textArtifact, type Artifact } from './artifact.ts'
import { packageChart, renderInstall } from './chart-artifacts.ts'
import { output, ReleaseError } from './command.ts'
import type { ImageOrder } from './image-artifact.ts'
import { renderProvenance } from './provenance.ts'
import { cutReleaseNotes } from './release-notes.ts'
import { fixCycloneDx, fixSpdx } from './sbom.ts'
import { readSource } from './source.ts'

export interface Order {
  /** Checkout that is released. */
  readonly root: string
  readonly version: string
  /** Folder for the files. It is emptied first. */
  readonly folder: string
  /** Returns the archive of the image; null leaves it out. */
  readonly makeImage: ((order: ImageOrder) => Artifact) | null
  readonly say: (line: string) => void
}

/**
 * Makes all files of a release that need no registry. The bytes follow from the commit and the versions of Node.js, npm and Helm.
 * @throws ReleaseError when the checkout is not ready, or a command fails
 */
export function makeRelease({ root, version, folder, makeImage, say }: Order): readonly Artifact[] {
  const source = readSource(root)
  const manifest = readManifest(root)
  if (manifest.version !== version)
    throw new ReleaseError(
      `VERSION=${version} differs from package.json (${manifest.version}). Run \`npm version ${version} --no-git-tag-version\` and \`make docs\`, and commit the result.`,
    )
  const notes = cutReleaseNotes(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)
  if (!notes.ok) throw new ReleaseError(notes.error)
  if (!notes.value.isDated) say(`CHANGELOG.md has no date for ${version}. Write one before you tag.`)

  const fixed = { epoch: source.epoch, name: manifest.name }
  const contents: readonly Artifact[] = [
    packageChart(root, { version, epoch: source.epoch }),
    renderInstall(root),
    ...packArtifacts(root),
    ...(makeImage === null ? [] : [makeImage({ root, version, epoch: source.epoch })]),
    jsonArtifact('sbom.cdx.json', fixCycloneDx(listDependencies(root, 'cyclonedx'), fixed)),
    jsonArtifact('sbom.spdx.json', fixSpdx(listDependencies(root, 'spdx'), fixed)),
    textArtifact('RELEASE_NOTES.md', notes.value.text),
  ]
  const provenance = jsonArtifact('provenance.intoto.json', renderProvenance(contents, { version, source, tools: readTools(root) }))
  const artifacts = [...contents, provenance]
  return write(folder, [...artifacts, textArtifact('SHA256SUMS', renderChecksums(artifacts))])
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly scripts: Readonly<Record<string, string>>
}

/** Reads package.json, a file of ours. */
export const readManifest = (root: string): Manifest => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest

/** npm script that writes `dist/packages/*.tgz`. A release without the script has no packages. */
export const packagesScript = 'packages'

/** Returns the packages for npm. Their names begin with `npm-`, because a package and the chart may have one name. */
function packArtifacts(root: string): readonly Artifact[] {
  if (readManifest(root).scripts[packagesScript] === undefined) return []
  // Packages of an earlier version may lie there.
  rmSync(join(root, 'dist/packages'), { recursive: true, force: true })
  output('npm', ['run', '--silent', packagesScript], root)
  const paths = globSync('dist/packages/*.tgz', { cwd: root })
  return paths.map((path) => ({ name: `npm-${basename(path)}`, bytes: readFileSync(join(root, path)) }))
}

/** Lists what the image installs from npm, by package-lock.json alone. */
function listDependencies(root: string, format: 'cyclonedx' | 'spdx'): string {
  return output('npm', ['sbom', '--sbom-format', format, '--omit', 'dev', '--package-lock-only'], root)
}

function readTools(root: string): Readonly<Record<'node' | 'npm' | 'helm', string>> {
  return {
    node: process.version,
    npm: output('npm', ['--version'], root).trim(),
    helm: output('helm', ['version', '--template', '{{.Version}}'], root).trim(),
  }
}

function write(folder: string, artifacts: readonly Artifact[]): readonly Artifact[] {
  if (existsSync(folder)) rmSync(folder, { recursive: true })
  mkdirSync(folder, { recursive: true })
  for (const { name, bytes } of artifacts) writeFileSync(join(folder, name), bytes)
  return artifacts
}
