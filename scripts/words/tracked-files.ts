import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { withoutGit } from '../git-environment.ts'

/** Lists the files that git tracks below `root`; without git, all but what is installed or built. Paths begin at `root`. */
export function trackedFiles(root: string): readonly string[] {
  const { status, stdout } = spawnSync('git', ['ls-files', '-z'], {
    cwd: root,
    env: withoutGit(process.env),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  // A tree that was unpacked inside another repository has a git, which tracks none of its files.
  const tracked = status === 0 ? stdout.split('\0').filter((path) => path !== '') : []
  const paths = tracked.length > 0 ? tracked : globSync('**/*', { cwd: root, exclude: (path) => untracked.test(path) })
  return paths.filter((path) => isFile(join(root, path))).toSorted()
}

const untracked = /(?:^|\/)(?:node_modules|dist|coverage|artifacts|\.git|\.infra|\.interop)(?:\/|$)/

/** A file that is tracked may be deleted and not yet committed. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

export const readText = (root: string, path: string): string => readFileSync(join(root, path), 'utf8')
