import { existsSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { MarkdownEnv, MarkdownRenderer } from 'vitepress'
import { homepage } from '../scripts/release/project.ts'
import { root, type SitePage } from './pages.ts'
import { linkOf } from './sidebar.ts'

/**
 * Returns the link of the site for a relative link of a Markdown file. A link to a page of the site leads there. A link to any other file
 * of the repository leads to the repository.
 */
export function resolveLink(href: string, source: string, pages: ReadonlyMap<string, SitePage>): string {
  if (href.startsWith('#') || href.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(href)) return href
  const [path = '', anchor] = href.split('#')
  const target = posix.join(posix.dirname(source), path)
  const hash = anchor === undefined ? '' : `#${anchor}`
  const page = pages.get(target) ?? pages.get(posix.join(target, 'README.md'))
  if (page !== undefined) return `${linkOf(page.path)}${hash}`
  const file = join(root, target)
  if (!existsSync(file)) throw new Error(`${source} has a link to ${href}, and there is no file ${target}.`)
  return `${homepage}/${statSync(file).isDirectory() ? 'tree' : 'blob'}/main/${target.replace(/\/$/, '')}${hash}`
}

/** Teaches a renderer of Markdown to resolve links. It runs before VitePress adds the base. */
export function resolveLinks(markdown: MarkdownRenderer, pages: readonly SitePage[]): void {
  const bySource = new Map(pages.map((page) => [page.source, page]))
  const byPath = new Map(pages.map((page) => [page.path, page]))
  markdown.core.ruler.push('carillon-links', ({ tokens, env }) => {
    const { relativePath } = env as MarkdownEnv // VitePress makes the environment
    // The index of the search is made from the path of the file, and a page from its path in the site.
    const source = (byPath.get(relativePath) ?? bySource.get(relativePath))?.source
    if (source === undefined) throw new Error(`${relativePath} is not among the pages of the site, and VitePress renders it.`)
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null
      if (href !== null) token.attrSet('href', resolveLink(href, source, bySource))
    }
  })
}
