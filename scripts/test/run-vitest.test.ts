import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import type { Outcome } from './outcome.ts'
import { runVitest } from './run-vitest.ts'

/** Runs these test files in a checkout of their own. */
async function run(files: Readonly<Record<string, string>>): Promise<Outcome> {
  const root = mkdtempSync(join(tmpdir(), 'carillon-vitest-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(root, 'node_modules'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text)
  return runVitest({ root, env: { PATH: process.env['PATH'] }, output: 'ignore' })
}

const header = "import { beforeAll, describe, expect, it } from 'vitest'\n"

it('counts a real run and names each failure: test, hook, broken file, error outside all tests', async () => {
  const { tally, failures } = await run({
    'tests.test.ts': `${header}describe('a log', () => { it('grows', () => {}); it('ends', () => expect(1).toBe(2)); it.skip('shrinks', () => {}) })`,
    'hook.test.ts': `${header}describe('a hook', () => { beforeAll(() => { throw new Error('no broker') }); it('runs', () => {}) })`,
    'broken.test.ts': `${header}import './missing.ts'`,
    'late.test.ts': `${header}it('passes', () => { void Promise.reject(new Error('late')) })`,
  })
  expect(tally).toEqual({ passed: 2, failed: 4, skipped: 2 })
  expect(failures.toSorted((a, b) => (a.where < b.where ? -1 : 1))).toEqual([
    { where: 'an error outside all tests', why: ['Error: late'] },
    { where: 'broken.test.ts: the file itself, or a hook', why: expect.arrayContaining([expect.stringContaining('./missing.ts')]) },
    { where: 'hook.test.ts: the file itself, or a hook', why: ['Error: no broker'] },
    { where: 'tests.test.ts: a log > ends', why: expect.arrayContaining([expect.stringContaining('expected 1 to be 2')]) },
  ])
})
