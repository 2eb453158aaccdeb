import { createRequire } from 'node:module'

export interface Folder {
  readonly path: string
  /** What the folder holds, as Markdown within a sentence. */
  readonly holds: string
  /** Paths of the rows that its code may import, besides its own files. */
  readonly imports: readonly string[]
}

// dependency-cruiser's configuration is CommonJS, so the table is, too. Its JSDoc gives this shape.
export const { folders, groups } = createRequire(import.meta.url)('./folders.cjs') as {
  readonly folders: readonly Folder[]
  /** Names for rows that are often imported together. */
  readonly groups: Readonly<Record<string, readonly string[]>>
}

const [begin, end] = ['<!-- folders: rendered from scripts/boundaries/folders.cjs by make docs -->\n', '<!-- end of folders -->\n']

/**
 * Returns the page with the table of folders between its two markers.
 * @throws Error when the page lacks a marker
 */
export function withFolderTable(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`The page lacks the markers ${begin.trim()} and ${end.trim()}`)
  return `${page.slice(0, from + begin.length)}\n${renderGroups()}\n\n${renderFolders()}\n${page.slice(to)}`
}

const code = (path: string): string => `\`${path}\``

function renderGroups(): string {
  const lines = Object.entries(groups).map(([name, paths]) => `- *${name}*: ${paths.map(code).join(', ')}`)
  return ['Each of these names stands for several rows:', '', ...lines].join('\n')
}

function renderFolders(): string {
  const lines = folders.map(({ path, holds, imports }) => `| ${code(path)} | ${holds} | ${renderImports(path, imports)} |`)
  return ['| folder | holds | may import |', '|---|---|---|', ...lines, ''].join('\n')
}

/** Names a group instead of its members when all of them, but for the importing row itself, may be imported. */
function renderImports(path: string, imports: readonly string[]): string {
  const whole = Object.entries(groups).filter(([, members]) => members.every((member) => member === path || imports.includes(member)))
  const rest = imports.filter((name) => !whole.some(([, members]) => members.includes(name)))
  const names = [...rest.map(code), ...whole.map(([name]) => `*${name}*`)]
  return names.length === 0 ? 'nothing' : names.join(', ')
}
