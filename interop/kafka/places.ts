import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of everything that `make interop` installs or writes. Git ignores it. */
const folder = fileURLToPath(new URL('../../.interop/kafka', import.meta.url))

export const places = {
  folder,
  python: join(folder, 'python'),
  /** Older CloudEvents SDK, with the package name of the newer one. */
  pythonCloudEvents1: join(folder, 'python-cloudevents-1'),
  node: join(folder, 'node'),
  goBinary: join(folder, 'go/producers'),
  /** A file per suite, with rows of the table. */
  results: join(folder, 'results'),
}
