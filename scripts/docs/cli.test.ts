import { describe, expect, it } from 'vitest'
import { commands } from '../../cli/run.ts'
import { readAtDesk } from './desk-reader.ts'

describe.each([
  { path: 'docs/cli.md', leastFlags: 20 },
  { path: 'docs/conformance.md', leastFlags: 8 },
])('the page $path', ({ path, leastFlags }) => {
  const { page } = readAtDesk(path)

  it('names only flags of the commands', () => {
    // The last two are of the kubectl plugin.
    const known = new Set(['help', 'context', 'create-paused', ...commands.flatMap(({ flags }) => Object.keys(flags))])
    const named = [...page.text.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, flag = '']) => flag)
    expect(named.length).toBeGreaterThan(leastFlags)
    expect(named.filter((flag) => !known.has(flag))).toEqual([])
  })
})
