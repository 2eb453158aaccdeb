/** `make release VERSION=x`: writes all files of a release to dist/release. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { digestOf } from './artifact.ts'
import { ReleaseError } from './command.ts'
import { hasDocker, makeImageArchive } from './image-artifact.ts'
import { makeRelease } from './make-release.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values } = parseArgs({
  options: { version: { type: 'string', default: '' }, 'without-image': { type: 'boolean', default: false } },
})

try {
  if (values.version === '') throw new ReleaseError('VERSION is missing. Name it: make release VERSION=0.2.0')
  const folder = join(root, 'dist/release')
  const makeImage = !values['without-image'] && hasDocker(root) ? makeImageArchive : null
  if (makeImage === null) console.error('The image is left out: docker does not answer, or --without-image is given.')
  const artifacts = makeRelease({ root, version: values.version, folder, makeImage, say: console.error })
  for (const { name, bytes } of artifacts) console.log(`${digestOf(bytes)}  ${name} (${bytes.length} bytes)`)
} catch (error) {
  if (!(error instanceof ReleaseError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
