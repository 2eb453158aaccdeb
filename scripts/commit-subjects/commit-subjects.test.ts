import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withoutGit } from '../git-environment.ts'
import { checkCommits } from './check-commits.ts'
import { checkSubject, longestSubject } from './subject-rules.ts'

describe('the rules for subjects of commits', () => {
  it.each([
    'Add a check',
    'Fix what `make docs` writes',
    'Re-read the keys',
    'Bring the keys along',
    'Embed the page',
    'Letter the rows',
    `Add ${'a'.repeat(longestSubject - 4)}`,
  ])('accept the subject %j', (subject) => expect(checkSubject(subject)).toEqual([]))

  const refused = [
    ['of more than 72 characters', `Add ${'a'.repeat(longestSubject - 3)}`, /73 characters; use at most 72/],
    ['with a full stop', 'Add a check.', /full stop/],
    ['with a small first letter', 'add a check', /begin with a verb/],
    ['with a prefix', 'Fix: the check', /begin with a verb/],
    ['for a fixup', 'fixup! Add a check', /begin with a verb/],
    ['without text', '', /begin with a verb/],
    ['with a gerund', 'Adding a check', /"Adding" is not an imperative/],
    ['with a verb in the past', 'Added a check', /"Added" is not an imperative/],
    ['with Let', 'Let the check run', /"Let" hides the verb/],
  ] as const
  it.each(refused)('refuse a subject %s, with the remedy', (_what, subject, problem) =>
    expect(checkSubject(subject)).toEqual([expect.stringMatching(problem)]),
  )

  it('report all problems of a subject at once', () => {
    expect(checkSubject(`Letting ${'a'.repeat(longestSubject)}.`)).toHaveLength(3)
  })
})

describe('the check of commits', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'carillon-commits-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.test', '-c', 'commit.gpgsign=false']
  const git = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('git', [...who, ...args], { cwd: root, env: withoutGit(process.env), encoding: 'utf8' })
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }
  const commit = (subject: string): string => {
    git('commit', '--quiet', '--allow-empty', '--message', subject)
    return git('rev-parse', 'HEAD')
  }

  it('refuses commits after the base, and neither the base nor merges', () => {
    git('init', '--quiet', '--initial-branch=main')
    const base = commit('some old subject.')
    git('switch', '--quiet', '--create', 'branch')
    commit('Add a check')
    const bad = commit('Let it run')
    git('switch', '--quiet', 'main')
    git('merge', '--quiet', '--no-ff', 'branch', '--message', 'merge of a branch.')
    expect(checkCommits(root, base)).toEqual({
      kind: 'checked',
      commits: 2,
      refused: [{ hash: bad.slice(0, 12), subject: 'Let it run', problems: [expect.stringContaining('"Let"')] }],
    })
  })

  it('checks nothing where there is no git history, and says so', () => {
    expect(checkCommits(root, 'a'.repeat(40))).toEqual({ kind: 'unknown', why: 'there is no git history here' })
  })

  it('checks nothing in a shallow clone without the base, and says so', () => {
    git('init', '--quiet')
    const base = commit('Add a check')
    commit('Let it run')
    git('clone', '--quiet', '--depth=1', pathToFileURL(root).href, join(root, 'clone'))
    expect(checkCommits(join(root, 'clone'), base)).toEqual({
      kind: 'unknown',
      why: expect.stringContaining(`does not reach back to ${base.slice(0, 12)}`),
    })
  })
})
