import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readTar, readTarball, writeTarball } from './tar.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (each: Uint8Array): string => new TextDecoder().decode(each)
const longPath = `chart/${'long/'.repeat(60)}name`
const entries = [
  { path: 'chart/b.txt', bytes: bytes('x'.repeat(513)) },
  { path: 'chart/a/empty', bytes: bytes('') },
  { path: longPath, bytes: bytes('far away') },
]

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-tar-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

it('writes an archive that tar unpacks, with one mode and one time', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'x.tgz'), await writeTarball(entries, 1_700_000_000))
  expect(spawnSync('tar', ['-xzf', 'x.tgz'], { cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  expect(readFileSync(join(folder, 'chart/b.txt'), 'utf8')).toBe('x'.repeat(513))
  expect(readFileSync(join(folder, 'chart/a/empty'), 'utf8')).toBe('')
  expect(readFileSync(join(folder, longPath), 'utf8')).toBe('far away')
  const { mode, mtimeMs } = statSync(join(folder, 'chart/b.txt'))
  expect([mode & 0o700, mtimeMs]).toEqual([0o600, 1_700_000_000_000])
})

it('writes the same bytes for the same entries in any order', async () => {
  expect(Buffer.from(await writeTarball(entries, 1)).equals(await writeTarball(entries.toReversed(), 1))).toBe(true)
})

it('reads the files of an archive of tar that are wanted, and no folders and links', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'in/etc'), { recursive: true })
  writeFileSync(join(folder, 'in/etc/one'), '1')
  writeFileSync(join(folder, 'in/two'), 'x'.repeat(100_000))
  expect(spawnSync('ln', ['-s', 'two', 'in/link'], { cwd: folder })).toMatchObject({ status: 0 })
  expect(spawnSync('tar', ['-cf', 'x.tar', '-C', 'in', '.'], { cwd: folder })).toMatchObject({ status: 0 })
  const archive = readFileSync(join(folder, 'x.tar'))
  expect((await readTar(archive)).map(({ path }) => path).toSorted()).toEqual(['etc/one', 'two'])
  const wanted = await readTar(archive, (path) => path === 'etc/one')
  expect(wanted.map(({ path, bytes: content }) => [path, text(content)])).toEqual([['etc/one', '1']])
})

it('reads what it has written', async () => {
  const read = await readTarball(await writeTarball(entries, 1))
  expect(read.map(({ path, bytes: content }) => [path, text(content)])).toEqual(
    entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, bytes: content }) => [path, text(content)]),
  )
})
