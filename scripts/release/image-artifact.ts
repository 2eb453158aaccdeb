import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flatValues } from '../chart/values.ts'
import type { Artifact } from './artifact.ts'
import { output, ReleaseError } from './command.ts'
import { fixImageConfig, writeOciArchive, type ImageConfig } from './oci-layout.ts'

export interface ImageOrder {
  /** Folder of the Dockerfile. */
  readonly root: string
  readonly version: string
  /** Seconds since 1970. */
  readonly epoch: number
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
 * Builds the image of this machine's architecture with docker, and returns it as an archive of an OCI image layout. The build uses no cache: docker's key
 * leaves out times of files, so a cached layer may have those of another commit.
 */
export function makeImageArchive({ root, version, epoch }: ImageOrder): Artifact {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-image-'))
  const id = randomUUID()
  const name = `carillon-release:${id}`
  const settings = [`SOURCE_DATE_EPOCH=${epoch}`, `BUILD_ID=${id}`].flatMap((setting) => ['--build-arg', setting])
  try {
    output('docker', ['build', '--no-cache', '--quiet', '--tag', name, ...settings, root], root)
    output('docker', ['save', '--output', join(folder, 'image.tar'), name], root)
    output('tar', ['-xf', 'image.tar'], folder)
    return archive(folder, { version, epoch })
  } finally {
    rmSync(folder, { recursive: true })
    removeImages(root, { id, name })
  }
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

/** Reads what `docker save` wrote. */
function archive(folder: string, { version, epoch }: { readonly version: string; readonly epoch: number }): Artifact {
  const read = (path: string): Uint8Array => readFileSync(join(folder, path))
  const readJson = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), 'utf8'))
  const [saved] = readJson('manifest.json') as readonly Saved[] // docker's format
  if (saved === undefined) throw new ReleaseError('docker saved no image. See whether the disk is full.')
  const config = fixImageConfig(readJson(saved.Config) as ImageConfig, epoch) // docker's format
  const repository = flatValues().find(({ path }) => path === 'image.repository')?.default
  return {
    name: `carillon-image-${version}-${config.architecture}.oci.tar`,
    bytes: writeOciArchive({ config, layers: saved.Layers.map(read), reference: `${repository}:${version}` }, epoch),
  }
}
