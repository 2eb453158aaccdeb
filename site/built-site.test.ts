import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { homepage } from '../scripts/release/project.ts'
import { generatedPages } from './generate.ts'
import { listPages, root } from './pages.ts'
import { buildSite, type BuiltSite } from './testing/build-site.ts'
import { type HtmlPage, readHtmlPages } from './testing/html-page.ts'

/** The site as `make docs-site ARGS="--base /carillon/"` builds it. */

const base = '/carillon/'
const hasScheme = (target: string): boolean => /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(target)

let site: BuiltSite
let pages: readonly HtmlPage[]
beforeAll(async () => {
  site = await buildSite(base)
  pages = readHtmlPages(site.folder)
}, 600_000)
afterAll(() => site.remove())

describe('the built site', () => {
  it('has a page for each page of the documentation, and for each generated one', () => {
    const expected = [...listPages(), ...generatedPages].map(({ path }) => path.replace(/\.md$/, '.html'))
    expect(pages.map(({ path }) => path).toSorted()).toEqual([...expected, '404.html'].toSorted())
  })

  it('has no broken link: each leads to a page or a file, and to an anchor of it', () => {
    const byPath = new Map(pages.map((page) => [page.path, page]))
    const links = pages.flatMap((page) => page.links.filter((target) => !hasScheme(target)).map((target) => ({ page, target })))
    expect(links.length).toBeGreaterThan(2000)
    const broken = links.filter(({ page, target }) => {
      const [path = '', anchor] = decodeURIComponent(target).split('#')
      if (path !== '' && !path.startsWith(base)) return true
      const file = path === '' ? page.path : path.slice(base.length).replace(/(?:^|\/)$/, (end) => `${end}index.html`)
      const found = byPath.get(file)
      if (found === undefined) return !existsSync(join(site.folder, file))
      return anchor !== undefined && anchor !== '' && !found.ids.has(anchor)
    })
    expect([...new Set(broken.map(({ page, target }) => `${page.path}: ${target}`))]).toEqual([])
  })

  it('has links to the repository only for files that are in it', () => {
    const prefix = new RegExp(`^${homepage}/(?:blob|tree|edit)/main/([^#]+)`)
    const paths = pages.flatMap(({ links }) => links.flatMap((target) => prefix.exec(target)?.[1] ?? []))
    expect(paths.length).toBeGreaterThan(60)
    expect([...new Set(paths)].filter((path) => !existsSync(join(root, decodeURIComponent(path))))).toEqual([])
  })

  it('has an edit link on every page except for those that the build writes', () => {
    const without = pages.filter(({ links }) => !links.some((target) => target.startsWith(`${homepage}/edit/main/`)))
    const generated = generatedPages.map(({ path }) => path.replace(/\.md$/, '.html'))
    expect(without.map(({ path }) => path).toSorted()).toEqual(['404.html', 'index.html', ...generated].toSorted())
  })

  it('sends no request to another host: scripts, styles, fonts and pictures are its own', () => {
    const foreign = (target: string): boolean => hasScheme(target) && !target.startsWith('data:')
    expect(pages.flatMap(({ path, loads }) => loads.filter(foreign).map((target) => `${path}: ${target}`))).toEqual([])
    const styles = globSync('**/*.css', { cwd: site.folder })
    expect(styles.length).toBeGreaterThan(0)
    for (const style of styles) {
      const text = readFileSync(join(site.folder, style), 'utf8')
      const asked = [...text.matchAll(/(?:@import\s+["']?|url\(["']?)([^"')]+)/g)].map(([, target = '']) => target)
      expect([style, asked.filter(foreign)]).toEqual([style, []])
    }
  })

  it('loads only files that it has', () => {
    const own = pages.flatMap(({ path, loads }) => loads.filter((target) => !hasScheme(target)).map((target) => ({ path, target })))
    expect(own.length).toBeGreaterThan(100)
    const missing = own.filter(({ target }) => !target.startsWith(base) || !existsSync(join(site.folder, target.slice(base.length))))
    expect(missing).toEqual([])
  })

  it('is built without a warning, and its size is reported', () => {
    expect(site.output).not.toMatch(/warn|\(!\)/i)
    expect(site.output).toMatch(/^\d+ pages, [\d.]+ MB in \d+ s: /m)
  })
})
