import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flatValues } from '../chart/values.ts'
import { readBaseImages, replaceBaseImages, variableOf, type BaseImage } from '../image/base-images.ts'
import { jsonArtifact, type Artifact } from './artifact.ts'
import { output, ReleaseError } from './command.ts'
import { fixImageConfig, writeOciArchive, type ImageConfig } from './oci-layout.ts'
import type { Source } from './provenance.ts'
import { renderCycloneDx } from './sbom/cyclonedx.ts'
import { readImageInventory } from './sbom/image-inventory.ts'
import { renderSpdx } from './sbom/spdx.ts'
import { readTar } from './tar.ts'

export interface ImageOrder {
  /** Folder of the Dockerfile. */
  readonly root: string
  readonly version: string
  readonly source: Source
  /** What is built, with the base images that it names. */
  readonly dockerfile: string
}

/** Reads the Dockerfile. Variables of the environment name other base images. */
export const readDockerfile = (root: string, env: Readonly<Record<string, string | undefined>>): string =>
  replaceBaseImages(readFileSync(join(root, 'Dockerfile'), 'utf8'), env)

/**
 * Checks that what a base image holds is pinned, so that the image can be built again.
 * @throws ReleaseError for an image without a digest
 */
export function demandDigests(bases: readonly BaseImage[]): void {
  const open = bases.filter(({ digest }) => digest === null)
  if (open.length === 0) return
  const names = open.map(({ stage, image }) => `${image} (${variableOf(stage)})`).join(', ')
  throw new ReleaseError(
    `Base images without a digest: ${names}. A later build may get others. Name each as NAME:TAG@sha256:..., or add --allow-base-without-digest.`,
  )
}

/** Returns true when docker's daemon answers. */
export function hasDocker(root: string): boolean {
  try {
    output('docker', ['version'], root)
    return true
  } catch (error) {
    // The command is missing, or its daemon does not run.
    if (error instanceof ReleaseError) return false
    throw error
  }
}

/**
 * Builds the image of this machine's architecture with docker. The build uses no cache: docker's key leaves out times of files, so a cached layer may
 * have those of another commit.
 * @returns the image as an archive, and the lists of what it contains
 */
export async function makeImageArtifacts(order: ImageOrder): Promise<readonly Artifact[]> {
  const { root, dockerfile, source } = order
  const folder = mkdtempSync(join(tmpdir(), 'carillon-image-'))
  const id = randomUUID()
  const name = `carillon-release:${id}`
  const settings = [`SOURCE_DATE_EPOCH=${source.epoch}`, `BUILD_ID=${id}`, `VERSION=${order.version}`, `REVISION=${source.commit}`]
  const args = settings.flatMap((setting) => ['--build-arg', setting])
  const labels = labelsOf(order).flatMap((label) => ['--label', label])
  try {
    output('docker', ['build', '--no-cache', '--quiet', '--tag', name, ...args, ...labels, '--file', '-', root], root, {
      input: dockerfile,
    })
    output('docker', ['save', '--output', join(folder, 'image.tar'), name], root)
    return await archive(await readSavedImage(readFileSync(join(folder, 'image.tar'))), order)
  } finally {
    rmSync(folder, { recursive: true })
    removeImages(root, { id, name })
  }
}

/** Labels that follow from the order: https://github.com/opencontainers/image-spec/blob/v1.1.0/annotations.md. */
function labelsOf({ dockerfile, source }: ImageOrder): readonly string[] {
  const prefix = 'org.opencontainers.image'
  // The image is made on the last one.
  const bases = readBaseImages(dockerfile).slice(-1)
  return [
    `${prefix}.created=${new Date(source.epoch * 1000).toISOString()}`,
    ...bases.map(({ image }) => `${prefix}.base.name=${image.replace(/@.*$/, '')}`),
    ...bases.flatMap(({ digest }) => (digest === null ? [] : [`${prefix}.base.digest=${digest}`])),
  ]
}

/** Removes what the build left: the image, and the image of its first stage. */
function removeImages(root: string, { id, name }: { readonly id: string; readonly name: string }): void {
  try {
    output('docker', ['image', 'rm', name], root)
    output('docker', ['image', 'prune', '--force', '--filter', `label=dev.carillon.build=${id}`], root)
  } catch (error) {
    // Without an image, the build has failed and its error is on the way. An image that stays does no harm.
    if (!(error instanceof ReleaseError)) throw error
  }
}

interface Saved {
  readonly Config: string
  readonly Layers: readonly string[]
}

export interface SavedImage {
  readonly config: ImageConfig
  /** Archives of the layers, not compressed, from the lowest to the highest. */
  readonly layers: readonly Uint8Array[]
}

/** Reads the archive of one image that `docker save` wrote. */
export async function readSavedImage(saved: Uint8Array): Promise<SavedImage> {
  const files = new Map((await readTar(saved)).map(({ path, bytes }) => [path, bytes]))
  const read = (path: string): Uint8Array => files.get(path) ?? fail()
  const readJson = (path: string): unknown => JSON.parse(new TextDecoder().decode(read(path)))
  const [image = fail()] = readJson('manifest.json') as readonly Saved[] // docker's format
  return { config: readJson(image.Config) as ImageConfig, layers: image.Layers.map(read) } // docker's format
}

async function archive(saved: SavedImage, { version, source: { epoch } }: ImageOrder): Promise<readonly Artifact[]> {
  const { layers } = saved
  const config = fixImageConfig(saved.config, epoch)
  const { architecture } = config
  const repository = String(flatValues().find(({ path }) => path === 'image.repository')?.default)
  const { bytes, digest } = await writeOciArchive({ config, layers, reference: `${repository}:${version}` }, epoch)
  const inventory = await readImageInventory({ layers, repository, version, digest, architecture, epoch })
  return [
    { name: `carillon-image-${version}-${architecture}.oci.tar`, bytes },
    jsonArtifact(`sbom-image-${architecture}.cdx.json`, renderCycloneDx(inventory)),
    jsonArtifact(`sbom-image-${architecture}.spdx.json`, renderSpdx(inventory)),
  ]
}

function fail(): never {
  throw new ReleaseError('docker saved an image that is not complete. See whether the disk is full.')
}
