import { posix } from 'node:path'
import { type SitePage, titleOf } from './pages.ts'

/** An item of the sidebar: a page, or a group. The form is VitePress'. */
export interface SidebarItem {
  readonly text: string
  readonly link?: string
  readonly items?: readonly SidebarItem[]
  readonly collapsed?: boolean
}

export interface SidebarSource {
  /** Text of docs/README.md. */
  readonly index: string
  readonly pages: readonly SitePage[]
  /** Pages that the build makes. */
  readonly generated: readonly { readonly group: string; readonly text: string; readonly path: string }[]
}

/**
 * Returns the sidebar. docs/README.md is its only source: its headings of second rank are the groups, its lines `For developers:` are the
 * parts of a group, and its links are the pages, in their order. So GitHub and the site have the same index.
 */
export function renderSidebar({ index, pages, generated }: SidebarSource): readonly SidebarItem[] {
  const bySource = new Map(pages.map((page) => [page.source, page]))
  return [
    { text: 'All pages', link: '/contents' },
    ...sectionsOf(index).map(({ heading, parts }) => ({
      text: heading,
      collapsed: false,
      items: [
        ...parts.flatMap(({ label, links }) => {
          const items = links.flatMap((link) => itemsOf(link, bySource))
          return label === null || items.length === 0 ? items : [{ text: label, collapsed: false, items }]
        }),
        ...generated.filter(({ group }) => group === heading).map(({ text, path }) => ({ text, link: linkOf(path) })),
      ],
    })),
  ]
}

interface Section {
  readonly heading: string
  readonly parts: readonly { readonly label: string | null; readonly links: readonly string[] }[]
}

function sectionsOf(index: string): readonly Section[] {
  return index
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...lines] = section.split('\n')
      return { heading: heading.trim(), parts: partsOf(lines) }
    })
}

function partsOf(lines: readonly string[]): Section['parts'] {
  const parts: { label: string | null; links: string[] }[] = [{ label: null, links: [] }]
  for (const line of lines) {
    const [, label] = /^(?:### )?(For [^|]+?):?$/.exec(line) ?? []
    if (label !== undefined) parts.push({ label, links: [] })
    parts.at(-1)?.links.push(...linksOf(line))
  }
  return parts
}

const linksOf = (line: string): readonly string[] => [...line.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)].map(([, link = '']) => link)

/** A link to a folder of pages is a group that begins closed. A link out of the site is in the index alone. */
function itemsOf(link: string, pages: ReadonlyMap<string, SitePage>): readonly SidebarItem[] {
  const source = posix.join('docs', link)
  const page = pages.get(source)
  if (page !== undefined) return [itemOf(page)]
  const first = pages.get(posix.join(source, 'README.md'))
  if (first === undefined) return []
  const folder = posix.dirname(first.source)
  const others = [...pages.values()].filter((each) => each !== first && posix.dirname(each.source) === folder)
  return [{ ...itemOf(first), collapsed: true, items: others.map(itemOf) }]
}

const itemOf = (page: SitePage): SidebarItem => ({
  text: page.path === 'try-it.md' ? 'Try it' : titleOf(page),
  link: linkOf(page.path),
})

export const linkOf = (path: string): string => `/${path.replace(/(?:^|(?<=\/))index\.md$/, '').replace(/\.md$/, '')}`

/** Returns all links of a sidebar, in their order. */
export function linksInSidebar(items: readonly SidebarItem[]): readonly string[] {
  return items.flatMap(({ link, items: below = [] }) => [...(link === undefined ? [] : [link]), ...linksInSidebar(below)])
}
