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

/** Returns the packages for npm, and the packages of others that are bundled into them. Source maps, or the comments of esbuild, name what a bundle is made of. */
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
  const manifest = files.map(textFile).find(({ path }) => path === 'package/package.json')
  if (manifest === undefined) throw new ReleaseError(`${tarball} has no package.json. Make it again: make packages`)
  const { name, version, license } = JSON.parse(manifest.text) as PackedManifest // scripts/packages writes it
  const sources = files.filter(({ path }) => /\.c?js$/.test(path)).flatMap((file) => sourcesOf(tarball, file.path, files.map(textFile)))
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

interface TextFile {
  readonly path: string
  readonly text: string
}

const textFile = ({ path, bytes }: TarEntry): TextFile => ({ path, text: new TextDecoder().decode(bytes) })

/** Returns the files that a module is made of, from its source map, or from the comment that esbuild writes above each file in a module. */
function sourcesOf(tarball: string, path: string, files: readonly TextFile[]): readonly string[] {
  const map = files.find((file) => file.path === `${path}.map`)
  if (map !== undefined) return (JSON.parse(map.text) as { readonly sources: readonly string[] }).sources // esbuild writes it
  const text = files.find((file) => file.path === path)?.text ?? ''
  const comments = [...text.matchAll(/^\s*\/\/ (\S+\/\S+\.[cm]?[jt]sx?)$/gm)].map(([, source = '']) => source)
  if (comments.length === 0)
    throw new ReleaseError(`${tarball}: ${path} has no source map and no comments of esbuild, so what it bundles is not known.`)
  return comments
}

function bundledComponent(path: string, lock: Lock): Component {
  const locked = lock.packages[path]
  if (locked?.version === undefined) throw new ReleaseError(`package-lock.json does not name ${path}, which a package bundles.`)
  const name = locked.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const { version, license = null, integrity } = locked
  return { purl: npmPurl(name, version), name, version, kind: 'library', license, sha512: sha512Of(integrity), dependsOn: [] }
}
