import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of everything that this suite installs or writes. Git ignores it. */
const folder = fileURLToPath(new URL('../../.interop/sbom', import.meta.url))

export const places = {
  python: join(folder, 'python'),
  /** Folder with the lists that are validated, and with the rows of the table. */
  results: join(folder, 'results'),
  validators: fileURLToPath(new URL('validators', import.meta.url)),
}
