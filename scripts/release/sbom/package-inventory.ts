import type { Artifact } from '../artifact.ts'
import { ReleaseError } from '../command.ts'
import { readTarball, type TarEntry } from '../tar.ts'
import { distinct, npmPurl, type Component, type Inventory } from './component.ts'
import { sha512Of, type Lock } from './npm-components.ts'

export interface PackageContent {
  /** Tarballs of npm. */
  readonly tarballs: readonly Artifact[]
  /** Lock file of the repository: the versions that esbuild bundled. */
  readonly lock: Lock
  readonly version: string
  /** Seconds since 1970. */
  readonly epoch: number
}

/** Returns the packages for npm, and the packages of others that are bundled into them. Source maps name what a bundle is made of. */
export async function readPackageInventory({ tarballs, lock, version, epoch }: PackageContent): Promise<Inventory> {
  const contents = await Promise.all(tarballs.map(async ({ name, bytes }) => readPackage(name, await readTarball(bytes), lock)))
  return {
    subject: {
      purl: `pkg:github/carillon-dev/carillon@v${version}#packages`,
      name: 'carillon-packages',
      version,
      kind: 'application',
      license: 'Apache-2.0',
      sha512: null,
      dependsOn: contents.map(({ itself }) => itself.purl).toSorted(),
    },
    components: distinct(contents.flatMap(({ itself, bundled }) => [itself, ...bundled])),
    epoch,
  }
}

interface PackedManifest {
  readonly name: string
  readonly version: string
  readonly license: string
}

function readPackage(
  tarball: string,
  files: readonly TarEntry[],
  lock: Lock,
): { readonly itself: Component; readonly bundled: readonly Component[] } {
  const textOf = ({ bytes }: TarEntry): string => new TextDecoder().decode(bytes)
  const manifest = files.find(({ path }) => path === 'package/package.json')
  if (manifest === undefined) throw new ReleaseError(`${tarball} has no package.json. Make it again: make packages`)
  const { name, version, license } = JSON.parse(textOf(manifest)) as PackedManifest // scripts/packages writes it
  const unmapped = files.filter(({ path }) => /\.c?js$/.test(path) && !files.some((other) => other.path === `${path}.map`))
  if (unmapped.length > 0)
    throw new ReleaseError(
      `${tarball} has no source map for ${unmapped.map(({ path }) => path).join(', ')}, so what it bundles is not known.`,
    )
  const maps = files.filter(({ path }) => path.endsWith('.map')).map(textOf)
  const sources = maps.flatMap((map) => (JSON.parse(map) as { readonly sources: readonly string[] }).sources) // esbuild writes it
  const paths = new Set(sources.flatMap((source) => /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(source)?.[0] ?? []))
  const bundled = [...paths].map((path) => bundledComponent(path, lock))
  const itself = {
    purl: npmPurl(name, version),
    name,
    version,
    kind: 'library',
    license,
    sha512: null,
    dependsOn: bundled.map(({ purl }) => purl),
  } as const
  return { itself, bundled }
}

function bundledComponent(path: string, lock: Lock): Component {
  const locked = lock.packages[path]
  if (locked?.version === undefined) throw new ReleaseError(`package-lock.json does not name ${path}, which a package bundles.`)
  const name = locked.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const { version, license = null, integrity } = locked
  return { purl: npmPurl(name, version), name, version, kind: 'library', license, sha512: sha512Of(integrity), dependsOn: [] }
}
