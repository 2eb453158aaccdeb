import { posix } from 'node:path'
import type { TarEntry } from '../tar.ts'
import { npmPurl, type Component } from './component.ts'

/** Members of package-lock.json that are read: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export interface LockedPackage {
  /** Name, where the folder has another one. */
  readonly name?: string
  readonly version?: string
  readonly license?: string
  readonly integrity?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Returns true for the package.json of an installed package, and false for one that a package has in a folder of its own. */
export const isInstalledManifest = (path: string): boolean => /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(path)

interface Manifest extends LockedPackage {
  readonly license?: string
  readonly licenses?: readonly { readonly type?: string }[]
}

/**
 * Returns the packages that lie in a folder, by their own manifests. The lock file adds the digest of each.
 * @param manifests files for which `isInstalledManifest` holds, with paths from the folder of the lock file
 */
export function installedComponents(manifests: readonly TarEntry[], lock: Lock): readonly Component[] {
  const installed = new Map(
    // Every package of npm has this form, and npm has refused the others.
    manifests.map(({ path, bytes }) => [posix.dirname(path), JSON.parse(new TextDecoder().decode(bytes)) as Manifest]),
  )
  return [...installed].map(([path, manifest]) => {
    const { name = '', version = '' } = manifest
    return {
      purl: npmPurl(name, version),
      name,
      version,
      kind: 'library',
      license: licenseOf(manifest),
      sha512: sha512Of(lock.packages[path]?.integrity),
      dependsOn: importedBy(path, manifest, installed),
    }
  })
}

/** Old packages name an object, or a list of objects. */
function licenseOf({ license, licenses }: Manifest): string | null {
  const given: unknown = license ?? licenses?.[0]
  if (typeof given === 'string') return given
  const type: unknown = Object(given).type
  return typeof type === 'string' ? type : null
}

/** @param integrity of the lock file: `sha512-` and base64 */
export function sha512Of(integrity: string | undefined): string | null {
  const [, base64] = /^sha512-(\S+)$/.exec(integrity ?? '') ?? []
  return base64 === undefined ? null : Buffer.from(base64, 'base64').toString('hex')
}

/** Finds what a package imports, as Node.js does: in its own node_modules, then in those of the folders above. */
function importedBy(path: string, manifest: Manifest, installed: ReadonlyMap<string, Manifest>): readonly string[] {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies })
  return names.flatMap((name) => {
    for (let folder = path; folder !== '.'; folder = posix.dirname(folder)) {
      const found = installed.get(posix.join(folder, 'node_modules', name))
      if (found !== undefined) return [npmPurl(found.name ?? '', found.version ?? '')]
    }
    const found = installed.get(`node_modules/${name}`)
    // An optional package may be left out.
    return found === undefined ? [] : [npmPurl(found.name ?? '', found.version ?? '')]
  })
}
