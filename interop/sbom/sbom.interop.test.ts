import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writePackages } from '../../scripts/packages/write-packages.ts'
import type { Artifact } from '../../scripts/release/artifact.ts'
import { output } from '../../scripts/release/command.ts'
import { readDockerfile, readSavedImage } from '../../scripts/release/image-artifact.ts'
import type { Inventory } from '../../scripts/release/sbom/component.ts'
import { renderCycloneDx } from '../../scripts/release/sbom/cyclonedx.ts'
import { readImageInventory } from '../../scripts/release/sbom/image-inventory.ts'
import { isInstalledManifest, type Lock } from '../../scripts/release/sbom/npm-components.ts'
import { readPackageInventory } from '../../scripts/release/sbom/package-inventory.ts'
import { renderSpdx } from '../../scripts/release/sbom/spdx.ts'
import { runCommand } from '../run-command.ts'
import { places } from './places.ts'
import { rowsFile } from './rows.ts'

/** The lists of a release, of the real image and the real packages, in the hands of the formats' own libraries. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const epoch = 1_700_000_000
const rows: (readonly string[])[] = []
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string } // our own file
let image = ''
let inventories: Readonly<Record<string, Inventory>> = {}

const docker = (...words: readonly string[]): string => output('docker', words, root)
/** Runs a command in the image, and returns its lines in order. */
const inImage = (...words: readonly string[]): readonly string[] =>
  docker('run', '--rm', '--network=none', image, ...words)
    .trim()
    .split('\n')
    .toSorted()

beforeAll(async () => {
  mkdirSync(places.results, { recursive: true })
  const build = ['build', '--quiet', '--tag', 'carillon:interop', '--file', '-', root]
  image = output('docker', build, root, { input: readDockerfile(root, process.env) }).trim()
  const saved = join(places.results, 'image.tar')
  docker('save', '--output', saved, image)
  const { config, layers } = await readSavedImage(readFileSync(saved))
  rmSync(saved)
  const packages = await writePackages(join(places.results, 'packages'))
  const tarballs = packages.map(({ tarball }): Artifact => ({ name: tarball, bytes: readFileSync(tarball) }))
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock // npm's format
  const { architecture } = config
  inventories = {
    image: await readImageInventory({ layers, repository: 'ghcr.io/carillon-dev/carillon', version, digest: image, architecture, epoch }),
    packages: await readPackageInventory({ tarballs, lock, version, epoch }),
  }
})
afterAll(() => writeFileSync(rowsFile, JSON.stringify(rows)))

function inventoryOf(what: string): Inventory {
  const inventory = inventories[what]
  if (inventory === undefined) throw new Error(`there is no inventory of ${what}`)
  return inventory
}

const purlsOf = (what: string, prefix = ''): readonly string[] =>
  inventoryOf(what)
    .components.map(({ purl }) => purl)
    .filter((purl) => purl.startsWith(prefix))
const namesOf = (what: string, prefix: string): readonly string[] =>
  inventoryOf(what)
    .components.filter(({ purl }) => purl.startsWith(prefix))
    .map(({ name, version: each }) => `${name}@${each}`)
    .toSorted()

describe.each(['image', 'packages'])('the list of components of the %s', (what) => {
  it.each([
    ['cyclonedx', 'cyclonedx-python-lib', renderCycloneDx],
    ['spdx', 'spdx-tools', renderSpdx],
  ])('in %s is valid to %s, which finds every component', async (format, tool, render) => {
    const file = join(places.results, `${what}.${format}.json`)
    writeFileSync(file, JSON.stringify(render(inventoryOf(what))))
    const { output: answer } = await runCommand('python3', [join(places.validators, 'validate.py'), format, file], {
      environment: { PYTHONPATH: places.python },
      input: '',
    })
    const { errors, purls } = JSON.parse(answer) as { readonly errors: readonly string[]; readonly purls: readonly string[] }
    rows.push([`${what}, ${format}`, tool, String(purls.length), String(errors.length)])
    expect(errors).toEqual([])
    expect(purls.map(decodeURIComponent).toSorted()).toEqual(purlsOf(what).map(decodeURIComponent).toSorted())
  })
})

describe('the list of components of the image', () => {
  it('has exactly the packages of Debian that dpkg lists in the image', () => {
    const installed = inImage('dpkg-query', '--show', '--showformat', '${Package}@${Version}\\n')
    expect(installed.length).toBeGreaterThan(50)
    expect(namesOf('image', 'pkg:deb/')).toEqual(installed)
  })

  it('has exactly the packages of npm that lie in the image', () => {
    const manifests = inImage('find', '/app/node_modules', '-name', 'package.json').filter(isInstalledManifest)
    const look = `for (const path of ${JSON.stringify(manifests)}) { const { name, version } = require(path); console.log(name + '@' + version) }`
    expect(namesOf('image', 'pkg:npm/')).toEqual([...new Set(inImage('node', '--eval', look))])
  })

  it('has the version of Node.js that the image runs', () => {
    const [nodeVersion = ''] = inImage('node', '--version')
    expect(purlsOf('image', 'pkg:generic/node')).toEqual([`pkg:generic/node@${nodeVersion.slice(1)}`])
  })
})
