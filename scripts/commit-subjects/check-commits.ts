import { spawnSync } from 'node:child_process'
import { withoutGit } from '../git-environment.ts'
import { checkSubject } from './subject-rules.ts'

/** A commit whose subject breaks a rule. */
export interface RefusedCommit {
  readonly hash: string
  readonly subject: string
  readonly problems: readonly string[]
}

export type Outcome =
  | { readonly kind: 'checked'; readonly commits: number; readonly refused: readonly RefusedCommit[] }
  /** The commits cannot be known here. `why` is a sentence for people. */
  | { readonly kind: 'unknown'; readonly why: string }

/** Checks the subjects of all commits after `base`. Merge commits are passed over: git writes their subjects. */
export function checkCommits(root: string, base: string): Outcome {
  const git = (...args: readonly string[]): string | null => {
    const { status, stdout } = spawnSync('git', [...args], {
      cwd: root,
      env: withoutGit(process.env),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    return status === 0 ? stdout : null
  }
  if (git('rev-parse', 'HEAD') === null) return { kind: 'unknown', why: 'there is no git history here' }
  if (git('cat-file', '-e', `${base}^{commit}`) === null)
    return { kind: 'unknown', why: `this history does not reach back to ${base.slice(0, 12)}, as in a shallow clone` }
  const log = git('log', '--no-merges', '--format=%H %s', `${base}..HEAD`)
  if (log === null) return { kind: 'unknown', why: `git cannot list the commits after ${base.slice(0, 12)}` }
  const commits = log
    .split('\n')
    .filter((line) => line !== '')
    .map(readCommit)
  return { kind: 'checked', commits: commits.length, refused: commits.filter(({ problems }) => problems.length > 0) }
}

function readCommit(line: string): RefusedCommit {
  const end = line.indexOf(' ')
  const subject = line.slice(end + 1)
  return { hash: line.slice(0, 12), subject, problems: checkSubject(subject) }
}
