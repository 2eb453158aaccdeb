/** `make release VERSION=x`: writes all files of a release to dist/release. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { digestOf } from './artifact.ts'
import { ReleaseError } from './command.ts'
import { hasDocker, makeImageArtifacts, readDockerfile } from './image-artifact.ts'
import { makeRelease } from './make-release.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values } = parseArgs({
  options: {
    version: { type: 'string', default: '' },
    'without-image': { type: 'boolean', default: false },
    'allow-base-without-digest': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const help = `Makes all files of a release in dist/release.

  make release VERSION=0.2.0 ARGS="[options]"

  --without-image              Leave the image and the lists of its content out: docker and a registry are not needed.
  --allow-base-without-digest  Build on base images that a tag alone names. The release is then not reproducible for ever.

  NODE_IMAGE, DEBIAN_IMAGE     Base images in place of those of the Dockerfile, for example of a mirror.
`

async function main(): Promise<void> {
  if (values.version === '') throw new ReleaseError('VERSION is missing. Name it: make release VERSION=0.2.0')
  const makeImage = values['without-image'] ? null : makeImageArtifacts
  if (makeImage !== null && !hasDocker(root))
    throw new ReleaseError('docker does not answer, and the image needs it. Start docker, or add ARGS=--without-image.')
  const artifacts = await makeRelease({
    root,
    version: values.version,
    folder: join(root, 'dist/release'),
    makeImage,
    dockerfile: readDockerfile(root, process.env),
    allowBaseWithoutDigest: values['allow-base-without-digest'],
    say: console.error,
  })
  for (const { name, bytes } of artifacts) console.log(`${digestOf(bytes)}  ${name} (${bytes.length} bytes)`)
}

if (values.help) process.stdout.write(help)
else
  await main().catch((error: unknown) => {
    if (!(error instanceof ReleaseError)) throw error
    console.error(error.message)
    process.exitCode = 1
  })
