import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { jsonArtifact, renderChecksums, textArtifact, type Artifact } from './artifact.ts'
import { packageChart, renderInstall } from './chart-artifacts.ts'
import { output, ReleaseError } from './command.ts'
import { readBaseImages } from '../image/base-images.ts'
import { demandDigests, type ImageOrder } from './image-artifact.ts'
import { renderProvenance } from './provenance.ts'
import { cutReleaseNotes } from './release-notes.ts'
import { renderCycloneDx } from './sbom/cyclonedx.ts'
import type { Lock } from './sbom/npm-components.ts'
import { readPackageInventory } from './sbom/package-inventory.ts'
import { renderSpdx } from './sbom/spdx.ts'
import { readSource } from './source.ts'

export interface Order {
  /** Checkout that is released. */
  readonly root: string
  readonly version: string
  /** Folder for the files. It is emptied first. */
  readonly folder: string
  /** Returns the image and the lists of its content; null leaves them out. */
  readonly makeImage: ((order: ImageOrder) => Promise<readonly Artifact[]>) | null
  /** Dockerfile of the image. */
  readonly dockerfile: string
  /** Allows base images that a tag alone names. A later build may then get others. @default false */
  readonly allowBaseWithoutDigest?: boolean
  readonly say: (line: string) => void
}

/**
 * Makes all files of a release. The bytes follow from the commit, the base images, and the versions of Node.js, npm and Helm.
 * @throws ReleaseError when the checkout is not ready, or a command fails
 */
export async function makeRelease(order: Order): Promise<readonly Artifact[]> {
  const { root, version, folder, makeImage, dockerfile, allowBaseWithoutDigest = false, say } = order
  const bases = makeImage === null ? [] : readBaseImages(dockerfile)
  if (!allowBaseWithoutDigest) demandDigests(bases)
  const source = readSource(root)
  const manifest = readManifest(root)
  if (manifest.version !== version)
    throw new ReleaseError(
      `VERSION=${version} differs from package.json (${manifest.version}). Run \`npm version ${version} --no-git-tag-version\` and \`make docs\`, and commit the result.`,
    )
  const notes = cutReleaseNotes(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)
  if (!notes.ok) throw new ReleaseError(notes.error)
  if (!notes.value.isDated) say(`CHANGELOG.md has no date for ${version}. Write one before you tag.`)

  const { epoch } = source
  const packages = packArtifacts(root)
  const contents: readonly Artifact[] = [
    await packageChart(root, { version, epoch }),
    renderInstall(root),
    ...packages,
    ...(await listPackages(root, { packages, version, epoch })),
    ...(makeImage === null ? [] : await makeImage({ root, version, source, dockerfile })),
    textArtifact('RELEASE_NOTES.md', notes.value.text),
  ]
  const provenance = jsonArtifact('provenance.intoto.json', renderProvenance(contents, { version, source, tools: readTools(root), bases }))
  const artifacts = [...contents, provenance]
  return write(folder, [...artifacts, textArtifact('SHA256SUMS', renderChecksums(artifacts))])
}

interface Manifest {
  readonly version: string
}

/** Reads package.json, a file of ours. */
export const readManifest = (root: string): Manifest => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest

/** Returns the packages for npm. Their names begin with `npm-`, because a package and the chart may have one name. */
function packArtifacts(root: string): readonly Artifact[] {
  // Packages of an earlier version may lie there.
  rmSync(join(root, 'dist/packages'), { recursive: true, force: true })
  output('npm', ['run', '--silent', 'packages'], root)
  const paths = globSync('dist/packages/*.tgz', { cwd: root })
  return paths.map((path) => ({ name: `npm-${basename(path)}`, bytes: readFileSync(join(root, path)) }))
}

/** Returns the lists of what is bundled into the packages. */
async function listPackages(
  root: string,
  { packages, version, epoch }: { readonly packages: readonly Artifact[]; readonly version: string; readonly epoch: number },
): Promise<readonly Artifact[]> {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock // npm's format
  const inventory = await readPackageInventory({ tarballs: packages, lock, version, epoch })
  return [
    jsonArtifact('sbom-packages.cdx.json', renderCycloneDx(inventory)),
    jsonArtifact('sbom-packages.spdx.json', renderSpdx(inventory)),
  ]
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
