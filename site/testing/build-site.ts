import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../pages.ts'

export interface BuiltSite {
  readonly folder: string
  /** What the command printed. */
  readonly output: string
  remove(): Promise<void>
}

/** Builds the site as `make docs-site` does, into a folder of its own. */
export async function buildSite(base: string): Promise<BuiltSite> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-site-'))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['site/main.ts', '--base', base, '--out', folder], {
    cwd: root,
    env: { PATH: process.env['PATH'] },
  })
  return { folder, output: stdout + stderr, remove: () => rm(folder, { recursive: true, force: true }) }
}
