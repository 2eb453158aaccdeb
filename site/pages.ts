import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Folder of the pages that the build writes. Git ignores it. */
export const generatedFolder = 'site/generated'

/** One page of the site. */
export interface SitePage {
  /** Path of its Markdown, from the root of the repository. */
  readonly source: string
  /** Path in the site, with `.md` for `.html`. */
  readonly path: string
}

/** Pages outside of docs/ that are part of the site. All other files are links to the repository. */
const elsewhere: readonly SitePage[] = [
  { source: 'site/start.md', path: 'index.md' },
  { source: 'README.md', path: 'try-it.md' },
  { source: 'client/README.md', path: 'client.md' },
  { source: 'react/README.md', path: 'react.md' },
  { source: 'cdk8s/README.md', path: 'cdk8s.md' },
]

/** Pages of docs/ that the site leaves out, with the reason. */
export const leftOut: Readonly<Record<string, string>> = {
  'docs/adr/template.md': 'a form to copy, which holds no decision',
}

/** Returns the pages that are written by hand or by `make docs`, sorted by their source. */
export function listPages(): readonly SitePage[] {
  const docs = globSync('docs/**/*.md', { cwd: root })
    .filter((source) => !(source in leftOut))
    .map((source) => ({ source, path: sitePath(source) }))
  return [...elsewhere, ...docs].toSorted((a, b) => (a.source < b.source ? -1 : 1))
}

/** Returns the pages that the build wrote before: none in a clean checkout. */
export function listGeneratedPages(): readonly SitePage[] {
  return globSync(`${generatedFolder}/**/*.md`, { cwd: root }).map((source) => ({
    source,
    path: source.slice(generatedFolder.length + 1),
  }))
}

/** A folder's README is its first page, as on GitHub. The first page of docs/ has a name, because the site begins with another page. */
function sitePath(source: string): string {
  if (source === 'docs/README.md') return 'contents.md'
  return source.replace(/^docs\//, '').replace(/README\.md$/, 'index.md')
}

/** Returns the first heading of a page. @throws when it has none */
export function titleOf({ source }: SitePage): string {
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(root, source), 'utf8')) ?? []
  if (title === undefined) throw new Error(`${source} has no heading of the first rank (# Title). The sidebar of the site needs one.`)
  return title
}
