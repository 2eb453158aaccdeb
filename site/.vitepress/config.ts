import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitepress'
import { anchorOf } from '../../scripts/docs/pages.ts'
import { homepage } from '../../scripts/release/project.ts'
import { passDiagrams } from '../diagrams.ts'
import { generatedPages } from '../generate.ts'
import { resolveLinks } from '../links.ts'
import { leftOut, listGeneratedPages, listPages, root } from '../pages.ts'
import { boostDocument, processTerm } from '../search.ts'
import { linkOf, renderSidebar } from '../sidebar.ts'

const pages = listPages()
const all = [...pages, ...listGeneratedPages()]
const sources = new Set(all.map(({ source }) => source))
const icon = `data:image/svg+xml,${encodeURIComponent(readFileSync(join(root, 'docs/icon.svg'), 'utf8'))}`
const sidebar = renderSidebar({
  index: readFileSync(join(root, 'docs/README.md'), 'utf8'),
  pages,
  generated: generatedPages,
})

/** Everything in the root that holds no page of the site. A folder with a README alone is left out except for that. */
const excluded = readdirSync(root, { withFileTypes: true }).flatMap((entry) => {
  if (!entry.isDirectory()) return sources.has(entry.name) || !entry.name.endsWith('.md') ? [] : [entry.name]
  if (entry.name === 'docs') return Object.keys(leftOut)
  if (entry.name === 'site') return ['site/.vitepress/**']
  return sources.has(`${entry.name}/README.md`) ? [`${entry.name}/!(README).md`, `${entry.name}/*/**`] : [`${entry.name}/**`]
})

export default defineConfig({
  title: 'Carillon',
  description: 'Delivers CloudEvents from Kafka to exactly the right browsers',
  lang: 'en',
  srcDir: root,
  srcExclude: excluded,
  rewrites: Object.fromEntries(all.map(({ source, path }) => [source, path])),
  outDir: join(root, 'dist/docs-site'),
  // Links to a gateway on the reader's machine lead nowhere while the site is built.
  ignoreDeadLinks: 'localhostLinks',
  cacheDir: join(root, 'node_modules/.cache/vitepress'),
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: icon }]],
  markdown: {
    anchor: { slugify: anchorOf },
    config: (markdown) => {
      resolveLinks(markdown, all)
      passDiagrams(markdown)
    },
    // The languages of our pages that shiki knows by other names.
    languageAlias: { console: 'shellsession' },
  },
  // The index of the search has some 600 kB, and is loaded when a reader opens the search.
  vite: { build: { chunkSizeWarningLimit: 1000 } },
  transformPageData: (page) => {
    if (page.relativePath === 'index.md') page.frontmatter['hero'].image = { src: icon, alt: '' }
  },
  themeConfig: {
    logo: icon,
    sidebar: [...sidebar].map((item) => ({ ...item, items: [...(item.items ?? [])] })),
    nav: [
      { text: 'Try it', link: '/try-it' },
      { text: 'All pages', link: '/contents' },
      { text: 'Protocol', link: '/protocol' },
      { text: 'HTTP API', link: linkOf('reference/http-api.md') },
      { text: 'Repository', link: homepage },
    ],
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          options: { processTerm },
          searchOptions: { fuzzy: false, prefix: true, boost: { title: 4, text: 2, titles: 1 }, boostDocument },
        },
      },
    },
    editLink: { pattern: `${homepage}/edit/main/:path`, text: 'Edit this page' },
    footer: { message: 'Apache License 2.0' },
    externalLinkIcon: true,
  },
})
