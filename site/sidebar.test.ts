import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generatedPages } from './generate.ts'
import { leftOut, listPages, root } from './pages.ts'
import { linkOf, linksInSidebar, renderSidebar } from './sidebar.ts'

const pages = listPages()
const sidebar = renderSidebar({ index: readFileSync(join(root, 'docs/README.md'), 'utf8'), pages, generated: generatedPages })
const links = linksInSidebar(sidebar)

describe('the sidebar of the site', () => {
  it('has the groups of Diataxis', () => {
    expect(sidebar.map(({ text }) => text)).toEqual(['All pages', 'Tutorials', 'How-to', 'Reference', 'Explanation'])
  })

  it('has every page of docs/ exactly once: link a page that is missing in docs/README.md', () => {
    const counts = pages
      .filter(({ source }) => source.startsWith('docs/'))
      .map(({ source, path }) => ({ source, count: links.filter((link) => link === linkOf(path)).length }))
    expect(counts.length).toBeGreaterThan(60)
    expect(counts.filter(({ count }) => count !== 1)).toEqual([])
  })

  it('has every other page of the site, and no link that leads to none', () => {
    const known = [...pages, ...generatedPages].map(({ path }) => linkOf(path))
    expect(links.filter((link) => !known.includes(link))).toEqual([])
    expect(known.filter((link) => link !== '/' && !links.includes(link))).toEqual([])
  })

  it('has the decisions in a group that begins closed', () => {
    const explanation = sidebar.find(({ text }) => text === 'Explanation')?.items ?? []
    expect(explanation.at(-1)).toMatchObject({ text: 'Decisions', link: '/adr/', collapsed: true })
    expect(explanation.at(-1)?.items?.length).toBeGreaterThan(20)
  })

  it('leaves out only pages that exist', () => {
    for (const source of Object.keys(leftOut)) expect(readFileSync(join(root, source), 'utf8')).not.toBe('')
  })
})

describe('a sidebar', () => {
  it('takes groups, parts and pages from headings, lines and links of the index', () => {
    const index =
      '# All\n\n## Reference\n\n[Kafka](kafka.md#topics)\n\nFor developers:\n\n| [CLI](cli.md) | it |\n\n- [chart](../charts/carillon/README.md)\n'
    expect(renderSidebar({ index, pages, generated: [{ group: 'Reference', text: 'API', path: 'reference/api.md' }] })).toEqual([
      { text: 'All pages', link: '/contents' },
      {
        text: 'Reference',
        collapsed: false,
        items: [
          { text: 'Kafka', link: '/kafka' },
          { text: 'For developers', collapsed: false, items: [{ text: 'The command line', link: '/cli' }] },
          { text: 'API', link: '/reference/api' },
        ],
      },
    ])
  })
})
