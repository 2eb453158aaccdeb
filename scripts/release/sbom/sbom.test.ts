import { describe, expect, it } from 'vitest'
import { bundleCli } from '../../build/cli.ts'
import { writeTar, writeTarball, type TarEntry } from '../tar.ts'
import { distinct, isLicenseExpression, npmPurl, type Component, type Inventory } from './component.ts'
import { renderCycloneDx } from './cyclonedx.ts'
import { debianComponents } from './debian-components.ts'
import { readImageInventory } from './image-inventory.ts'
import { isInstalledManifest, sha512Of, type Lock } from './npm-components.ts'
import { readPackageInventory } from './package-inventory.ts'
import { renderSpdx } from './spdx.ts'

const epoch = 1_700_000_000
const entry = (path: string, content: unknown): TarEntry => ({
  path,
  bytes: new TextEncoder().encode(typeof content === 'string' ? content : JSON.stringify(content)),
})
const integrity = `sha512-${Buffer.alloc(64, 1).toString('base64')}`
const sha512 = '01'.repeat(64)

const status = `Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 2.36-9+deb12u13
Description: GNU C Library
 Version: this line belongs to the description

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: libstdc++6
Status: install ok installed
Architecture: amd64
Version: 12.2.0-14+deb12u1
`
const osRelease = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'

const lock: Lock = {
  packages: {
    '': { dependencies: { '@scope/one': '1.0.0' } },
    'node_modules/@scope/one': { version: '1.0.0', integrity },
    'node_modules/two': { version: '2.0.0', license: 'MIT' },
    'node_modules/@scope/one/node_modules/two': { version: '1.9.0' },
  },
}

const base: readonly TarEntry[] = [
  entry('var/lib/dpkg/status', status),
  entry('usr/lib/os-release', osRelease),
  entry('app/node_modules/of-the-base/package.json', { name: 'of-the-base', version: '1.0.0' }),
]
const application: readonly TarEntry[] = [
  entry('nodejs/bin/node', '\0ELF node.js/v24.21.0\0'),
  entry('app/package-lock.json', lock),
  entry('app/node_modules/@scope/one/package.json', {
    name: '@scope/one',
    version: '1.0.0',
    license: 'MIT',
    dependencies: { two: '^1.0.0', three: '*' },
  }),
  entry('app/node_modules/@scope/one/esm/package.json', { type: 'module' }),
  entry('app/node_modules/@scope/one/node_modules/two/package.json', { name: 'two', version: '1.9.0', license: { type: 'ISC' } }),
  entry('app/node_modules/two/package.json', { name: 'two', version: '2.0.0', licenses: [{ type: 'MIT' }] }),
  entry('app/node_modules/.wh.of-the-base', ''),
]

const readImage = async (layers: readonly (readonly TarEntry[])[]): Promise<Inventory> =>
  readImageInventory({
    layers: await Promise.all(layers.map((layer) => writeTar(layer, epoch))),
    repository: 'ghcr.io/carillon-dev/carillon',
    version: '0.2.0',
    digest: `sha256:${'a'.repeat(64)}`,
    architecture: 'amd64',
    epoch,
  })

describe('the inventory of an image', () => {
  it('has the packages of Debian, Node.js, and those of npm that a container sees', async () => {
    const { subject, components } = await readImage([base, application])
    expect(components.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64&distro=debian-12',
      'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12',
      'pkg:generic/debian@12',
      'pkg:generic/node@24.21.0',
      'pkg:npm/%40scope/one@1.0.0',
      'pkg:npm/two@1.9.0',
      'pkg:npm/two@2.0.0',
    ])
    expect(subject).toMatchObject({ name: 'carillon', kind: 'container', dependsOn: ['pkg:npm/%40scope/one@1.0.0'] })
  })

  it('has the licence, the digest of the registry, and the imports of a package of npm', async () => {
    const { components } = await readImage([base, application])
    const byPurl = Object.fromEntries(components.map((component) => [component.purl, component]))
    expect(byPurl['pkg:npm/%40scope/one@1.0.0']).toMatchObject({ license: 'MIT', sha512, dependsOn: ['pkg:npm/two@1.9.0'] })
    expect(byPurl['pkg:npm/two@1.9.0']).toMatchObject({ license: 'ISC', sha512: null, dependsOn: [] })
    expect(byPurl['pkg:npm/two@2.0.0']).toMatchObject({ license: 'MIT' })
  })

  it.each([
    ['var/lib/dpkg/status', 'The image has no /var/lib/dpkg/status'],
    ['usr/lib/os-release', 'The image has no /etc/os-release'],
    ['nodejs/bin/node', 'The image has no /nodejs/bin/node'],
    ['app/package-lock.json', 'The image has no /app/package-lock.json'],
  ])('is refused when the image has no %s', async (path, message) => {
    const layers = [base, application].map((layer) => layer.filter((each) => each.path !== path))
    await expect(readImage(layers)).rejects.toThrow(message)
  })

  it('is refused when the program node does not name its version', async () => {
    await expect(readImage([base, [...application, entry('nodejs/bin/node', 'a script')]])).rejects.toThrow('does not name its version')
  })
})

describe('the inventory of packages', () => {
  const tarball = async (name: string, files: readonly TarEntry[]) => ({
    name: `npm-${name}.tgz`,
    bytes: await writeTarball([entry('package/package.json', { name, version: '0.2.0', license: 'Apache-2.0' }), ...files], epoch),
  })

  it('has each package, and what its source maps name as bundled', async () => {
    const sources = ['../cli/main.ts', '../node_modules/two/index.js', '../node_modules/@scope/one/node_modules/two/lib/x.js']
    const tarballs = [
      await tarball('@carillon/client', [
        entry('package/index.js', ''),
        entry('package/index.js.map', { sources: ['../client/index.ts'] }),
      ]),
      await tarball('@carillon/cli', [entry('package/cli.js', ''), entry('package/cli.js.map', { sources })]),
    ]
    const { subject, components } = await readPackageInventory({ tarballs, lock, version: '0.2.0', epoch })
    expect(components.map(({ purl, dependsOn }) => [purl, dependsOn])).toEqual([
      ['pkg:npm/%40carillon/cli@0.2.0', ['pkg:npm/two@1.9.0', 'pkg:npm/two@2.0.0']],
      ['pkg:npm/%40carillon/client@0.2.0', []],
      ['pkg:npm/two@1.9.0', []],
      ['pkg:npm/two@2.0.0', []],
    ])
    expect(subject.dependsOn).toEqual(['pkg:npm/%40carillon/cli@0.2.0', 'pkg:npm/%40carillon/client@0.2.0'])
  })

  it('reads the comments of esbuild in a module without a source map', async () => {
    const { code } = await bundleCli()
    const bundled = `${code}\n// node_modules/two/index.js\nvar two = 2\n`
    const tarballs = [await tarball('carillon', [entry('package/carillon.js', bundled)])]
    const { components } = await readPackageInventory({ tarballs, lock, version: '0.2.0', epoch })
    expect(components.map(({ purl }) => purl)).toEqual(['pkg:npm/carillon@0.2.0', 'pkg:npm/two@2.0.0'])
  })

  it('is refused when a module does not say what it is made of', async () => {
    const tarballs = [await tarball('@carillon/cli', [entry('package/cli.js', '')])]
    await expect(readPackageInventory({ tarballs, lock, version: '0.2.0', epoch })).rejects.toThrow(
      'npm-@carillon/cli.tgz: package/cli.js has no source map and no comments of esbuild',
    )
  })

  it('is refused when a bundle has a package that the lock file does not name', async () => {
    const map = entry('package/cli.js.map', { sources: ['../node_modules/unknown/index.js'] })
    const tarballs = [await tarball('@carillon/cli', [entry('package/cli.js', ''), map])]
    await expect(readPackageInventory({ tarballs, lock, version: '0.2.0', epoch })).rejects.toThrow('does not name node_modules/unknown')
  })
})

const component = (purl: string, more: Partial<Component> = {}): Component => ({
  purl,
  name: purl,
  version: '1',
  kind: 'library',
  license: null,
  sha512: null,
  dependsOn: [],
  ...more,
})
const inventory: Inventory = {
  subject: component('pkg:oci/carillon@1', { kind: 'container', dependsOn: ['pkg:npm/a@1'] }),
  components: [
    component('pkg:npm/a@1', { license: 'MIT OR Apache-2.0', sha512, dependsOn: ['pkg:npm/b@1'] }),
    component('pkg:npm/b@1', { license: 'SEE LICENSE IN LICENSE.txt' }),
  ],
  epoch,
}

describe('a list of components', () => {
  it('has in CycloneDX the time of the commit, a serial number of its content, licences, digests and imports', () => {
    expect(renderCycloneDx(inventory)).toMatchObject({
      specVersion: '1.6',
      serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
      metadata: { timestamp: '2023-11-14T22:13:20Z', component: { type: 'container' } },
      components: [
        { licenses: [{ expression: 'MIT OR Apache-2.0' }], hashes: [{ alg: 'SHA-512', content: sha512 }] },
        { licenses: [{ license: { name: 'SEE LICENSE IN LICENSE.txt' } }] },
      ],
      dependencies: [
        { ref: 'pkg:oci/carillon@1', dependsOn: ['pkg:npm/a@1'] },
        { ref: 'pkg:npm/a@1', dependsOn: ['pkg:npm/b@1'] },
        { ref: 'pkg:npm/b@1', dependsOn: [] },
      ],
    })
  })

  it('has in SPDX the time of the commit, what it describes, what that contains, and imports', () => {
    expect(renderSpdx(inventory)).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      creationInfo: { created: '2023-11-14T22:13:20Z' },
      packages: [
        { primaryPackagePurpose: 'CONTAINER' },
        { licenseDeclared: 'MIT OR Apache-2.0', checksums: [{ algorithm: 'SHA512', checksumValue: sha512 }] },
        { licenseDeclared: 'NOASSERTION' },
      ],
      relationships: [
        { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: 'SPDXRef-Package-0' },
        { spdxElementId: 'SPDXRef-Package-0', relationshipType: 'CONTAINS', relatedSpdxElement: 'SPDXRef-Package-1' },
        { spdxElementId: 'SPDXRef-Package-0', relationshipType: 'CONTAINS', relatedSpdxElement: 'SPDXRef-Package-2' },
        { spdxElementId: 'SPDXRef-Package-1', relationshipType: 'DEPENDS_ON', relatedSpdxElement: 'SPDXRef-Package-2' },
      ],
    })
  })

  it.each([
    ['CycloneDX', renderCycloneDx],
    ['SPDX', renderSpdx],
  ])('is the same in %s for equal content, and has another identity for other content', (_, render) => {
    expect(render(structuredClone(inventory))).toEqual(render(inventory))
    const identity = (each: Inventory): unknown => {
      const { serialNumber, documentNamespace } = { serialNumber: '', documentNamespace: '', ...render(each) }
      return [serialNumber, documentNamespace]
    }
    expect(identity({ ...inventory, components: [] })).not.toEqual(identity(inventory))
  })
})

describe('a component', () => {
  it('of several places is one, with the imports of all places', () => {
    const [a, b] = [component('pkg:npm/a@1', { dependsOn: ['z'] }), component('pkg:npm/a@1', { dependsOn: ['y', 'z'] })]
    expect(distinct([a, b])).toEqual([component('pkg:npm/a@1', { dependsOn: ['y', 'z'] })])
  })

  it('of Debian is left out when it is not installed', () => {
    expect(debianComponents(status, osRelease).map(({ name }) => name)).toEqual(['Debian GNU/Linux 12 (bookworm)', 'libc6', 'libstdc++6'])
  })

  it('of npm has its scope in its purl', () => {
    expect(npmPurl('@scope/one', '1.0.0+x')).toBe('pkg:npm/%40scope/one@1.0.0%2Bx')
  })

  it.each([
    ['app/node_modules/a/package.json', true],
    ['node_modules/@s/a/package.json', true],
    ['node_modules/a/node_modules/@s/b/package.json', true],
    ['node_modules/a/esm/package.json', false],
    ['node_modules/@s/package.json', false],
    ['package.json', false],
  ])('is installed at %s: %s', (path, isInstalled) => {
    expect(isInstalledManifest(path)).toBe(isInstalled)
  })

  it.each([
    ['MIT', true],
    ['(MIT OR Apache-2.0)', true],
    ['GPL-2.0-only WITH Classpath-exception-2.0', true],
    ['SEE LICENSE IN LICENSE.txt', false],
    ['UNLICENSED', false],
    ['', false],
  ])('has in %j a licence in the syntax of SPDX: %s', (license, isExpression) => {
    expect(isLicenseExpression(license)).toBe(isExpression)
  })

  it('has no digest when the lock file has none, or one of another kind', () => {
    expect([sha512Of(undefined), sha512Of('sha1-AAAA'), sha512Of(integrity)]).toEqual([null, null, sha512])
  })
})
