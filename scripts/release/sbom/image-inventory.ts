import { ReleaseError } from '../command.ts'
import { readTar, type TarEntry } from '../tar.ts'
import { distinct, npmPurl, type Component, type Inventory } from './component.ts'
import { debianComponents } from './debian-components.ts'
import { installedComponents, isInstalledManifest, type Lock } from './npm-components.ts'

export interface ImageContent {
  /** Archives of the layers, not compressed, from the lowest to the highest. */
  readonly layers: readonly Uint8Array[]
  /** Name without a tag. */
  readonly repository: string
  readonly version: string
  /** Digest of the manifest: `sha256:...`. */
  readonly digest: string
  readonly architecture: string
  /** Seconds since 1970. */
  readonly epoch: number
}

/** Files that the inventory is read from. */
const paths = {
  status: 'var/lib/dpkg/status',
  osRelease: ['etc/os-release', 'usr/lib/os-release'],
  node: 'nodejs/bin/node',
  application: 'app/',
  lock: 'app/package-lock.json',
} as const

const isWanted = (path: string): boolean =>
  path === paths.status ||
  path === paths.node ||
  path === paths.lock ||
  paths.osRelease.some((each) => each === path) ||
  (path.startsWith(paths.application) && isInstalledManifest(path)) ||
  isDeletion(path)

/** A file `.wh.NAME` takes NAME away from the layers below: https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md#whiteouts. */
const isDeletion = (path: string): boolean => /(?:^|\/)\.wh\.[^/]+$/.test(path)

/** Returns what an image contains, read from its own files: packages of Debian, Node.js, and packages of npm. */
export async function readImageInventory(image: ImageContent): Promise<Inventory> {
  const { repository, version, digest, architecture, epoch } = image
  const files = await mergeLayers(image.layers)
  const text = (path: string): string => new TextDecoder().decode(demand(files, path))
  const osRelease = paths.osRelease.find((path) => files.has(path))
  if (osRelease === undefined) throw new ReleaseError('The image has no /etc/os-release. Its base is to be Debian.')
  const manifests = [...files]
    .filter(([path]) => path.startsWith(paths.application) && isInstalledManifest(path))
    .map(([path, bytes]): TarEntry => ({ path: path.slice(paths.application.length), bytes }))
  const lock = JSON.parse(text(paths.lock)) as Lock // npm's format
  const components = distinct([
    ...debianComponents(text(paths.status), text(osRelease)),
    nodeComponent(demand(files, paths.node)),
    ...installedComponents(manifests, lock),
  ])
  const name = repository.slice(repository.lastIndexOf('/') + 1)
  return {
    subject: {
      purl: `pkg:oci/${name}@${encodeURIComponent(digest)}?arch=${architecture}&repository_url=${encodeURIComponent(repository)}&tag=${version}`,
      name,
      version,
      kind: 'container',
      license: 'Apache-2.0',
      sha512: null,
      dependsOn: directDependencies(lock, components),
    },
    components,
    epoch,
  }
}

function demand(files: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const bytes = files.get(path)
  if (bytes === undefined) throw new ReleaseError(`The image has no /${path}, which the list of its packages is read from.`)
  return bytes
}

/** Returns the wanted files as a container sees them. */
async function mergeLayers(layers: readonly Uint8Array[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  for (const layer of layers) {
    const entries = await readTar(layer, isWanted)
    const gone = entries.filter(({ path }) => isDeletion(path)).flatMap(({ path }) => deletedBy(path, files))
    for (const path of gone) files.delete(path)
    for (const { path, bytes } of entries) if (!isDeletion(path)) files.set(path, bytes)
  }
  return files
}

function deletedBy(path: string, files: ReadonlyMap<string, unknown>): readonly string[] {
  const target = path.endsWith('/.wh..wh..opq') ? path.slice(0, -'/.wh..wh..opq'.length) : path.replace(/\.wh\.([^/]+)$/, '$1')
  return [...files.keys()].filter((each) => each === target || each.startsWith(`${target}/`))
}

/** Finds the version in the program itself, as scanners do. */
function nodeComponent(program: Uint8Array): Component {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.byteLength)
  const mark = 'node.js/v'
  const at = bytes.indexOf(mark)
  const version = at < 0 ? undefined : /^\d+\.\d+\.\d+/.exec(bytes.toString('latin1', at + mark.length, at + mark.length + 20))?.[0]
  if (version === undefined) throw new ReleaseError('The program /nodejs/bin/node of the image does not name its version.')
  return {
    purl: `pkg:generic/node@${version}`,
    name: 'node',
    version,
    kind: 'application',
    license: null,
    sha512: null,
    dependsOn: [],
  }
}

function directDependencies(lock: Lock, components: readonly Component[]): readonly string[] {
  const names = Object.keys(lock.packages['']?.dependencies ?? {})
  const purls = names.map((name) => npmPurl(name, lock.packages[`node_modules/${name}`]?.version ?? ''))
  return components.map(({ purl }) => purl).filter((purl) => purls.includes(purl))
}
