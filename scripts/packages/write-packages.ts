import { execFile } from 'node:child_process'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildCdk8sPackage } from './cdk8s-package.ts'
import { buildCliPackage } from './cli-package.ts'
import { buildClientPackage } from './client-package.ts'
import type { PackageFolder } from './package-folder.ts'
import { buildReactPackage } from './react-package.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every package that is published. */
export const builders: readonly (() => Promise<PackageFolder>)[] = [
  buildClientPackage,
  buildReactPackage,
  buildCdk8sPackage,
  buildCliPackage,
]

export interface WrittenPackage {
  readonly name: string
  readonly version: string
  /** Folder that was packed. */
  readonly folder: string
  /** Path of the tarball. */
  readonly tarball: string
  readonly packedBytes: number
  /** Names of the files in the tarball. */
  readonly files: readonly string[]
}

/** Builds every package, and writes its folder and its tarball into a directory. @throws when npm refuses a package */
export async function writePackages(directory: string): Promise<readonly WrittenPackage[]> {
  const packages = await Promise.all(builders.map((build) => build()))
  await mkdir(directory, { recursive: true })
  return Promise.all(packages.map((each) => writePackage(each, directory)))
}

async function writePackage({ directory: name, files }: PackageFolder, directory: string): Promise<WrittenPackage> {
  const folder = join(directory, name)
  // A file that an earlier version wrote must not be packed.
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  await Promise.all([...files].map(([file, text]) => writeFile(join(folder, file), text)))
  await copyFile(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  await copyFile(join(root, name, 'README.md'), join(folder, 'README.md'))
  return pack(folder, directory)
}

async function pack(folder: string, directory: string): Promise<WrittenPackage> {
  const args = ['pack', folder, '--pack-destination', directory, '--json', '--ignore-scripts', '--offline']
  const { stdout } = await promisify(execFile)('npm', args)
  const [packed] = JSON.parse(stdout) as readonly Packed[] // npm's own output
  if (packed === undefined) throw new Error(`${folder}: npm made no package of this folder`)
  const tarball = join(directory, packed.filename)
  return { ...packed, folder, tarball, packedBytes: packed.size, files: packed.files.map(({ path }) => path) }
}

interface Packed {
  readonly name: string
  readonly version: string
  readonly filename: string
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}
