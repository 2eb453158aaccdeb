import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { writeTarball } from './tar.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const entries = [
  { path: 'chart/b.txt', bytes: bytes('x'.repeat(513)) },
  { path: 'chart/a/empty', bytes: bytes('') },
]

it('writes an archive that tar unpacks, with one mode and one time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-tar-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'x.tgz'), writeTarball(entries, 1_700_000_000))
  expect(spawnSync('tar', ['-xzf', 'x.tgz'], { cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  expect(readFileSync(join(folder, 'chart/b.txt'), 'utf8')).toBe('x'.repeat(513))
  expect(readFileSync(join(folder, 'chart/a/empty'), 'utf8')).toBe('')
  const { mode, mtimeMs } = statSync(join(folder, 'chart/b.txt'))
  expect([mode & 0o700, mtimeMs]).toEqual([0o600, 1_700_000_000_000])
})

it('writes the same bytes for the same entries in any order', () => {
  expect(Buffer.from(writeTarball(entries, 1)).equals(writeTarball(entries.toReversed(), 1))).toBe(true)
})

it('refuses a path that the format cannot hold', () => {
  expect(() => writeTarball([{ path: 'x'.repeat(101), bytes: bytes('') }], 1)).toThrow('longer than 100 bytes')
})
