/**
 * `make reproduce`: clones the repository to two paths, makes the release of package.json's version in each clone, and compares the digests. The
 * first build is left in dist/release.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digestOf, type Artifact } from './artifact.ts'
import { output, ReleaseError } from './command.ts'
import { compareReleases } from './compare.ts'
import { readManifest } from './make-release.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'carillon-reproduce-'))

/** Makes the release in a clone of its own, with the installed packages of this checkout: package-lock.json pins them. */
function build(name: string): { readonly place: string; readonly artifacts: readonly Artifact[] } {
  const clone = join(folder, name)
  output('git', ['clone', '--quiet', '--no-hardlinks', root, clone], folder)
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
  const { version } = readManifest(clone)
  output(process.execPath, ['scripts/release/main.ts', '--version', version, ...process.argv.slice(2)], clone)
  const place = join(clone, 'dist/release')
  return { place, artifacts: readdirSync(place).map((file) => ({ name: file, bytes: readFileSync(join(place, file)) })) }
}

try {
  const [first, second] = [build('first'), build('a-second-one-with-a-longer-path')]
  const differences = compareReleases(first.artifacts, second.artifacts)
  mkdirSync(join(root, 'dist'), { recursive: true })
  rmSync(join(root, 'dist/release'), { recursive: true, force: true })
  cpSync(first.place, join(root, 'dist/release'), { recursive: true })
  for (const { name, bytes } of first.artifacts) console.log(`${digestOf(bytes)}  ${name}`)
  for (const line of differences) console.error(`differs: ${line}`)
  console.log(differences.length === 0 ? `Two clones gave the same ${first.artifacts.length} files.` : 'The builds differ.')
  process.exitCode = differences.length === 0 ? 0 : 1
} catch (error) {
  if (!(error instanceof ReleaseError)) throw error
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
