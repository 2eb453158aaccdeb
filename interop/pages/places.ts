import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of everything that this suite installs or writes. Git ignores it. */
const folder = fileURLToPath(new URL('../../.interop/pages', import.meta.url))

export const places = {
  folder,
  python: join(folder, 'python'),
  node: join(folder, 'node'),
  /** Folder with a copy of go.mod and go.sum, which the programs of the pages share. */
  go: join(folder, 'go'),
  /** Folder with a file for each test file, which holds rows of the table. */
  results: join(folder, 'results'),
}
