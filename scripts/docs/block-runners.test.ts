import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chartValues } from '../chart/values.ts'
import { blockRunners, exceptions, isAbout, orphans } from './block-runners.ts'
import { codeBlocks, readPages, root } from './pages.ts'

const names = Object.keys(chartValues.values)
const runners = blockRunners(names)
const cdk8s = 'cdk8s/README.md'
const pages = [...readPages(), { path: cdk8s, text: readFileSync(join(root, cdk8s), 'utf8') }]
const blocks = pages.flatMap(codeBlocks)
const fence = '```'

describe('a block of code of the documentation', () => {
  it('is run, compiled or checked by a test, or is an exception with a reason', () => {
    expect(blocks.length).toBeGreaterThan(150)
    expect(orphans(pages, runners)).toEqual([])
  })

  it.each([
    ['go', 'fmt.Println(1)', 'go'],
    ['console', '$ rm -rf /', 'console'],
    ['yaml', 'kind: Deployment\n', 'yaml'],
    ['', '$ curl http://localhost', 'no language'],
    ['text', 'const a = 1', 'text'],
  ])('of the language "%s" that no test takes is found: %s', (language, code, shown) => {
    const page = { path: 'docs/x.md', text: `# X\n\n${fence}${language}\n${code}\n${fence}\n` }
    expect(orphans([page], runners)).toEqual([`docs/x.md:4: no test runs this block of ${shown}`])
  })

  it('without a language may be a message or a drawing', () => {
    expect(orphans([{ path: 'docs/x.md', text: `${fence}\nthe topic is too small\n${fence}\n` }], runners)).toEqual([])
  })
})

describe('a runner of blocks', () => {
  it.each(runners)('$test is a test that reads the pages, and $does', ({ test, takes }) => {
    expect(existsSync(join(root, test))).toBe(true)
    expect(readFileSync(join(root, test), 'utf8')).toMatch(/readPages|README|examplesOf|writeProjects/)
    expect(blocks.some(takes)).toBe(true)
  })
})

describe('an exception', () => {
  it.each(exceptions)('of $page is about exactly one block that no runner takes: $why', (exception) => {
    const about = blocks.filter((block) => isAbout(exception, block))
    expect(about).toHaveLength(1)
    expect(about.filter((block) => runners.some(({ takes }) => takes(block)))).toEqual([])
  })
})
