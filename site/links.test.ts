import { describe, expect, it } from 'vitest'
import { homepage } from '../scripts/release/project.ts'
import { resolveLink } from './links.ts'
import { listPages } from './pages.ts'

const pages = new Map(listPages().map((page) => [page.source, page]))
const from = (source: string, href: string): string => resolveLink(href, source, pages)

describe('a link of a page', () => {
  it('leads to the page of the site, from files inside and outside of docs/', () => {
    expect(from('docs/browser.md', 'protocol.md#4-resuming')).toBe('/protocol#4-resuming')
    expect(from('docs/reference/metrics.md', '../observability.md')).toBe('/observability')
    expect(from('README.md', 'docs/kafka.md')).toBe('/kafka')
    expect(from('docs/README.md', '../README.md#try-it')).toBe('/try-it#try-it')
    expect(from('docs/kafka.md', 'README.md')).toBe('/contents')
  })

  it('to a folder leads to the first page of the folder', () => {
    expect(from('docs/README.md', 'adr/')).toBe('/adr/')
  })

  it('to a file or folder outside of the site leads to the repository', () => {
    expect(from('docs/README.md', '../charts/carillon/README.md#values')).toBe(`${homepage}/blob/main/charts/carillon/README.md#values`)
    expect(from('cdk8s/README.md', 'example/')).toBe(`${homepage}/tree/main/cdk8s/example`)
  })

  it('to an anchor, a place of the site or another host is left as it is', () => {
    for (const href of ['#topics', '/kafka', 'https://cloudevents.io', 'mailto:security@example.com'])
      expect(from('docs/kafka.md', href)).toBe(href)
  })

  it('to a file that does not exist ends the build, with the page and the link', () => {
    expect(() => from('docs/kafka.md', 'nowhere.md')).toThrow('docs/kafka.md has a link to nowhere.md')
  })
})
