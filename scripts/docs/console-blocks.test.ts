import { describe, expect, it } from 'vitest'
import { consoleBlocks, filesOf } from './console-blocks.ts'
import { readPages } from './pages.ts'
import { runOf, runs } from './console-runs.ts'

const fence = '```'
const pageOf = (text: string) => ({ path: 'docs/x.md', text })

describe('a block of commands', () => {
  it('has prompts, with the output below each', () => {
    const [block] = consoleBlocks(pageOf(`# X\n\n## Look\n\n${fence}console\n$ one \\\n  more\n$ two\nshown\nand this\n${fence}\n`))
    expect(block).toMatchObject({ section: 'Look', line: 6, notRun: null, againForS: 0 })
    expect(block?.commands).toEqual([
      { line: 6, text: 'one \\\n  more', shown: null },
      { line: 8, text: 'two', shown: ['shown', 'and this'] },
    ])
  })

  it('without prompts is typed as it stands', () => {
    const [block] = consoleBlocks(pageOf(`${fence}console\nif true\nthen echo\nfi\n${fence}\n`))
    expect(block?.commands).toEqual([{ line: 2, text: 'if true\nthen echo\nfi', shown: null }])
  })

  it('is not run, or repeated, when a comment above it says so', () => {
    const blocks = consoleBlocks(
      pageOf(
        `<!-- not run: it takes a day -->\n${fence}console\na\n${fence}\n<!-- looked at again for 20 s -->\n\n${fence}console\nb\n${fence}\n\n<!-- not run: of another -->\nText\n${fence}console\nc\n${fence}\n`,
      ),
    )
    expect(blocks.map(({ notRun, againForS }) => [notRun, againForS])).toEqual([
      ['it takes a day', 0],
      [null, 20],
      [null, 0],
    ])
  })

  it('may follow a file that it needs', () => {
    expect(filesOf(pageOf(`${fence}yaml\n# channel.yaml\na: 1\n${fence}\n${fence}yaml\nb: 1\n${fence}\n`))).toEqual([
      { name: 'channel.yaml', text: '# channel.yaml\na: 1\n' },
    ])
  })
})

describe('the commands of the documentation', () => {
  const blocks = readPages().flatMap(consoleBlocks)

  it('run somewhere, or have a reason why not: no section is passed over', () => {
    const unknown = blocks.filter((block) => block.notRun === null && runOf(block) === null)
    expect(
      unknown.map(({ page, line, section }) => `${page}:${line}, below "${section}", is in no row of scripts/docs/console-runs.ts`),
    ).toEqual([])
  })

  it('exist for each row of the table', () => {
    const empty = runs.filter(
      ({ page, section }) => !blocks.some((block) => block.page === page && (section === '*' || block.section === section)),
    )
    expect(empty).toEqual([])
  })

  it('have a comment above them that is understood, or none', () => {
    const comments = readPages().flatMap(({ path, text }) =>
      [...text.matchAll(/^ *<!-- (?:not run|looked at).*-->$(?!\n+ *```console)/gm)].map(([comment]) => `${path}: ${comment}`),
    )
    expect(comments).toEqual([])
  })
})
