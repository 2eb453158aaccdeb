import { describe, expect, it } from 'vitest'
import { commands } from '../../cli/run.ts'
import { readAtDesk } from './desk-reader.ts'

describe('the page of the command line', () => {
  const { page } = readAtDesk('docs/cli.md')

  it('names only flags of the commands', () => {
    const known = new Set(['help', ...commands.flatMap(({ flags }) => Object.keys(flags))])
    const named = [...page.text.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, flag = '']) => flag)
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((flag) => !known.has(flag))).toEqual([])
  })
})
