import { createRequire } from 'node:module'

export interface Folder {
  readonly path: string
  /** What the folder holds, as Markdown within a sentence. */
  readonly holds: string
  /** Paths of the rows that its code may import, besides its own files. */
  readonly imports: readonly string[]
}

// dependency-cruiser's configuration is CommonJS, so the table is, too. Its JSDoc gives this shape.
export const { folders } = createRequire(import.meta.url)('./folders.cjs') as { readonly folders: readonly Folder[] }

const [begin, end] = ['<!-- folders: rendered from scripts/boundaries/folders.cjs by make docs -->\n', '<!-- end of folders -->\n']

/**
 * Returns the page with the table of folders between its two markers.
 * @throws Error when the page lacks a marker
 */
export function withFolderTable(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`The page lacks the markers ${begin.trim()} and ${end.trim()}`)
  return `${page.slice(0, from + begin.length)}\n${renderFolders(folders)}\n${page.slice(to)}`
}

function renderFolders(rows: readonly Folder[]): string {
  const lines = rows.map((row) => `| \`${row.path}\` | ${row.holds} | ${importsOf(row, rows)} |`)
  return ['| folder | holds | may import |', '|---|---|---|', ...lines, ''].join('\n')
}

/** Names of rows, shortened: within the same program, the program's name is left out. */
function importsOf({ path, imports }: Folder, rows: readonly Folder[]): string {
  if (imports.length === 0) return 'nothing'
  const program = path.split('/')[0] ?? path
  const others = rows.filter((row) => row.path !== path && row.path.startsWith(`${program}/`))
  const isAll = others.length > 1 && others.every((row) => imports.includes(row.path))
  const named = isAll ? imports.filter((name) => !name.startsWith(`${program}/`)) : imports
  const short = named.map((name) => `\`${name.startsWith(`${program}/`) ? name.slice(program.length + 1) : name}\``)
  return [...(isAll ? [`all of \`${program}\``] : []), ...short].join(', ')
}
