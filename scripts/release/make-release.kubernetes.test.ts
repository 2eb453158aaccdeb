import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { askCluster, complaintOf } from '../../operator/testing/ask-cluster.ts'
import { useControlPlane } from '../../testing/use.ts'
import { helm, parseYaml } from '../chart/helm.ts'
import { withoutGit } from '../git-environment.ts'
import { textArtifact, type Artifact } from './artifact.ts'
import { compareReleases } from './compare.ts'
import { makeRelease, type Order } from './make-release.ts'
import { writeTarball } from './tar.ts'

/** Releases of a small repository that has this one's chart and manifests, without the image. Its own script makes its packages. */

const here = fileURLToPath(new URL('../..', import.meta.url))
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as { readonly version: string } // a file of ours
const folder = mkdtempSync(join(tmpdir(), 'carillon-release-'))
const origin = join(folder, 'origin')

function git(cwd: string, ...args: readonly string[]): void {
  const date = '2026-01-02T03:04:05Z'
  const env = { ...withoutGit(process.env), GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date }
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com']
  expect(spawnSync('git', [...identity, ...args], { cwd, env, encoding: 'utf8' })).toMatchObject({ status: 0 })
}

function clone(name: string): string {
  git(folder, 'clone', '--quiet', origin, join(folder, name))
  return join(folder, name)
}

const said: string[] = []
const release = (root: string, wanted = version, more: Partial<Order> = {}): ReturnType<typeof makeRelease> =>
  makeRelease({
    root,
    version: wanted,
    folder: join(root, 'dist/release'),
    makeImage: null,
    dockerfile: '',
    say: (line) => said.push(line),
    ...more,
  })

beforeAll(async () => {
  mkdirSync(origin)
  for (const path of ['charts', 'package-lock.json', 'LICENSE', '.gitignore', '.npmrc'])
    cpSync(join(here, path), join(origin, path), { recursive: true })
  const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as object // a file of ours
  const packages = `mkdir -p dist/packages && cp package.bin dist/packages/carillon-${version}.tgz`
  const packed = JSON.stringify({ name: '@carillon/fixture', version, license: 'Apache-2.0' })
  writeFileSync(
    join(origin, 'package.bin'),
    await writeTarball([{ path: 'package/package.json', bytes: new TextEncoder().encode(packed) }], 1_700_000_000),
  )
  writeFileSync(join(origin, 'package.json'), JSON.stringify({ ...manifest, scripts: { packages } }))
  writeFileSync(join(origin, 'CHANGELOG.md'), `# Changelog\n\n## [${version}] - unreleased\n\n- Notes.\n`)
  git(origin, 'init', '--quiet')
  git(origin, 'add', '--all')
  git(origin, 'commit', '--quiet', '--message', 'Add the fixture')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a release', () => {
  it('has the chart, the objects, packages, lists of their content, notes, provenance and checksums', async () => {
    const root = clone('one')
    await release(root)
    const place = join(root, 'dist/release')
    expect(readdirSync(place).toSorted()).toEqual([
      'RELEASE_NOTES.md',
      'SHA256SUMS',
      `carillon-${version}.tgz`,
      'install.yaml',
      `npm-carillon-${version}.tgz`,
      'provenance.intoto.json',
      'sbom-packages.cdx.json',
      'sbom-packages.spdx.json',
    ])
    expect(spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: place, encoding: 'utf8' })).toMatchObject({ status: 0 })
    expect(readFileSync(join(place, 'RELEASE_NOTES.md'), 'utf8')).toBe('- Notes.\n')
    expect(said).toEqual([`CHANGELOG.md has no date for ${version}. Write one before you tag.`])
    expect(helm(['show', 'chart', join(place, `carillon-${version}.tgz`)])).toMatchObject({
      isOk: true,
      stdout: expect.stringContaining(`version: ${version}`),
    })
    expect(helm(['lint', '--strict', join(place, `carillon-${version}.tgz`)])).toMatchObject({ isOk: true })
    expect(JSON.parse(readFileSync(join(place, 'sbom-packages.cdx.json'), 'utf8'))).toMatchObject({
      metadata: { timestamp: '2026-01-02T03:04:05Z' },
      components: [{ purl: `pkg:npm/%40carillon/fixture@${version}` }],
    })
  })

  it('has the same bytes from two clones, and replaces an earlier one', async () => {
    const [first, second] = [clone('two'), clone('a-clone-with-a-longer-path')]
    mkdirSync(join(second, 'dist/release'), { recursive: true })
    writeFileSync(join(second, 'dist/release/old.txt'), '')
    mkdirSync(join(second, 'dist/packages'))
    writeFileSync(join(second, 'dist/packages/old.tgz'), '')
    expect(compareReleases(await release(first), await release(second))).toEqual([])
    expect(readdirSync(join(second, 'dist/release'))).toHaveLength(8)
  })

  it('is refused when the version differs from that of package.json', async () => {
    await expect(release(clone('three'), '9.9.9')).rejects.toThrow(`VERSION=9.9.9 differs from package.json (${version}).`)
  })

  it('is refused when the checkout differs from its commit', async () => {
    const root = clone('four')
    writeFileSync(join(root, 'new.txt'), '')
    await expect(release(root)).rejects.toThrow('The checkout differs from its commit. Commit or remove these files:\n?? new.txt')
  })

  it('is refused when the changelog has no section for it', async () => {
    const root = clone('five')
    writeFileSync(join(root, 'CHANGELOG.md'), '# Changelog\n')
    git(root, 'commit', '--quiet', '--all', '--message', 'Remove the notes')
    await expect(release(root)).rejects.toThrow(`CHANGELOG.md has no section for ${version}.`)
  })
})

describe('a release with an image', () => {
  const makeImage = async (): Promise<readonly Artifact[]> => [textArtifact('image.oci.tar', 'image')]
  const dockerfile = 'FROM node:24 AS node\nFROM debian:12 AS debian\n'

  it('is refused when a tag alone names a base image', async () => {
    await expect(release(clone('seven'), version, { makeImage, dockerfile })).rejects.toThrow(
      'Base images without a digest: node:24 (NODE_IMAGE), debian:12 (DEBIAN_IMAGE). A later build may get others.',
    )
  })

  it('names the digests of its base images in the provenance', async () => {
    const digest = `sha256:${'a'.repeat(64)}`
    const pinned = dockerfile.replaceAll(/FROM (\S+)/g, `FROM $1@${digest}`)
    const artifacts = await release(clone('eight'), version, { makeImage, dockerfile: pinned })
    const text = artifacts.map(({ name, bytes }) => (name === 'provenance.intoto.json' ? new TextDecoder().decode(bytes) : '')).join('')
    expect(JSON.parse(text)).toMatchObject({
      subject: expect.arrayContaining([expect.objectContaining({ name: 'image.oci.tar' })]),
      predicate: {
        buildDefinition: {
          resolvedDependencies: expect.arrayContaining([{ uri: `docker://debian:12@${digest}`, digest: { sha256: 'a'.repeat(64) } }]),
        },
      },
    })
  })

  it('is made from tags alone when that is asked for', async () => {
    const artifacts = await release(clone('nine'), version, { makeImage, dockerfile, allowBaseWithoutDigest: true })
    expect(artifacts.map(({ name }) => name)).toContain('image.oci.tar')
  })
})

describe('install.yaml', () => {
  const cluster = useControlPlane()
  const plurals: Readonly<Record<string, string>> = { NetworkPolicy: 'networkpolicies' }
  const pathOf = ({ apiVersion, kind, metadata }: KubernetesObject): string => {
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    const plural = plurals[kind] ?? `${kind.toLowerCase()}s`
    return `${group}${metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`}/${plural}/${metadata.name}`
  }

  it('is applied to an empty cluster in one pass, and has definitions, the operator with the published image, and no hook', async () => {
    const install = (await release(clone('six'))).find(({ name }) => name === 'install.yaml')
    const text = new TextDecoder().decode(install?.bytes)
    const objects = parseYaml(text)
    const complaints: string[] = []
    for (const object of objects) {
      const path = `${pathOf(object)}?fieldManager=test&fieldValidation=Strict`
      const answer = await askCluster(cluster, { method: 'PATCH', path, body: object, contentType: 'application/apply-patch+yaml' })
      if (complaintOf(answer) !== '') complaints.push(`${object.kind}/${object.metadata.name}: ${complaintOf(answer)}`)
    }
    expect(complaints).toEqual([])
    const kinds = objects.map(({ kind }) => kind)
    expect(kinds[0]).toBe('Namespace')
    expect(kinds.filter((kind) => kind === 'CustomResourceDefinition')).toHaveLength(2)
    expect(kinds.filter((kind) => kind === 'Deployment')).toHaveLength(1)
    expect(text).toContain(`image: ghcr.io/carillon-dev/carillon:${version}`)
    expect(text).not.toContain('helm.sh/hook')
  })
})
