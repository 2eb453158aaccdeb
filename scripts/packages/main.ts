/** `make packages`: writes the packages for npm into dist/packages, as folders and as tarballs. */
import { fileURLToPath } from 'node:url'
import { writePackages } from './write-packages.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

for (const { name, version, tarball, packedBytes, files } of await writePackages(
  fileURLToPath(new URL('../../dist/packages', import.meta.url)),
))
  process.stdout.write(`${name} ${version}: ${tarball.slice(root.length)}, ${packedBytes} bytes, ${files.length} files\n`)
