import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliBundle, writeCli } from './cli.ts'

describe('the bundled command carillon', () => {
  let folder: string
  let bundle: CliBundle
  beforeAll(async () => {
    // A folder without packages, outside of the repository. `.js` is a module there by its syntax.
    folder = mkdtempSync(join(tmpdir(), 'carillon-cli-'))
    bundle = await writeCli(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const carillon = (...argv: readonly string[]) =>
    spawnSync(join(folder, 'carillon.js'), argv, { encoding: 'utf8', env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' } })

  it('runs as a program, and prints its version', () => {
    expect(carillon('--version')).toMatchObject({ status: 0, stdout: `${bundle.version}\n`, stderr: '' })
  })

  it.each([
    [['doctor', '--help'], 0],
    [['doctor', 'http://127.0.0.1:1', '--quick'], 1],
    [['fly'], 2],
  ])('exits after %j with %i', (argv, code) => {
    expect(carillon(...argv).status).toBe(code)
  })

  it('holds sources of the command, the client and the shared program alone', () => {
    expect(bundle.sources.filter((path) => !/^(?:cli|client|program)\//.test(path))).toEqual([])
    expect(bundle.sources.filter((path) => /test/.test(path))).toEqual([])
  })
})

describe('the bundled kubectl plugin', () => {
  let folder: string
  let bundle: CliBundle
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'carillon-kubectl-'))
    bundle = await writeCli(folder, 'kubectl-carillon')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const plugin = (...argv: readonly string[]) =>
    spawnSync(join(folder, 'kubectl-carillon.js'), argv, {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: folder, NODE_NO_WARNINGS: '1' },
    })

  it('runs as a program without packages beside it, and prints its version', () => {
    expect(plugin('--version')).toMatchObject({ status: 0, stdout: `${bundle.version}\n`, stderr: '' })
  })

  it('names the remedy where no cluster is configured', () => {
    expect(plugin('channels')).toMatchObject({ status: 1, stderr: expect.stringContaining('name a kubeconfig file') })
  })

  it('has at most two and a half megabytes, and no library but the Kubernetes client', () => {
    expect(bundle.code.length).toBeLessThan(2_500_000)
    expect(bundle.sources.filter((path) => /node_modules\/(cdk8s|kafkajs|fastify|constructs)\//.test(path))).toEqual([])
    expect(bundle.sources.filter((path) => /\.test\.|\/testing\//.test(path.replace(/^.*node_modules.*$/, '')))).toEqual([])
  })
})
