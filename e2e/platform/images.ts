import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceBaseImages } from '../../scripts/image/base-images.ts'
import { must, type Run } from './command.ts'
import type { BaseImages } from './options.ts'
import type { Place } from './place.ts'
import { StepFailure } from './step-failure.ts'

/** Name that the chart uses, without a tag. */
export const ownRepository = 'ghcr.io/carillon-dev/carillon'

export interface Image {
  readonly repository: string
  /** Returns a tag for the content: a build from other files has another tag, so pods are replaced exactly when something has changed. */
  readonly tag: string
}

export const referenceOf = (image: Image): string => `${image.repository}:${image.tag}`

/** @param id docker's id, `sha256:...` */
export const tagOf = (id: string): string => `dev-${id.replace(/^sha256:/, '').slice(0, 12)}`

export interface Building {
  /** Folder of the Dockerfile and of the files that it copies. */
  readonly root: string
  /** File that docker writes the id to. */
  readonly folder: string
  readonly progress: (detail: string) => void
  /** @default those of the Dockerfile */
  readonly baseImages?: BaseImages
  /** Name of the image. @default that of the platform's own image */
  readonly repository?: string
}

/** Builds the image from the Dockerfile, and names it by its content. Older images of that repository lose their names. */
export async function buildImage(run: Run, building: Building): Promise<Image> {
  const { root, folder, progress, baseImages, repository = ownRepository } = building
  const idFile = join(folder, `${repository.split('/').at(-1)}.image.id`)
  await rm(idFile, { force: true })
  await must(
    run('docker', ['build', '--tag', `${repository}:dev`, '--iidfile', idFile, '--file', '-', root], {
      input: replaceBaseImages(await readFile(join(root, 'Dockerfile'), 'utf8'), { ...baseImages }),
      onLine: (line) => isStage(line) && progress(line),
    }),
    'docker could not build the image',
    'see whether this machine reaches the registry of the base images; NODE_IMAGE and DEBIAN_IMAGE name others',
  )
  const id = (await readFile(idFile, 'utf8')).trim()
  const image = { repository, tag: tagOf(id) }
  await must(run('docker', ['tag', id, referenceOf(image)]), 'docker could not name the image')
  await removeImages(run, image.tag, repository)
  return image
}

/** Lines that docker prints at the start of a step, with BuildKit and without. */
const isStage = (line: string): boolean => /^(?:Step \d|#\d+ \[)/.test(line)

/** Removes the names `dev-...` of our images. @param but the one to keep */
export async function removeImages(run: Run, but = '', repository: string = ownRepository): Promise<void> {
  const tags = (await must(run('docker', ['image', 'ls', '--format', '{{.Tag}}', repository]), 'docker could not list its images')).split(
    '\n',
  )
  const old = tags.filter((tag) => tag.startsWith('dev-') && tag !== but)
  // A name that is still in use, or already gone, does no harm.
  for (const tag of old) await run('docker', ['image', 'rm', `${repository}:${tag}`])
}

export interface Loading {
  readonly images: readonly string[]
  readonly nodes: readonly string[]
}

/** Loads images that docker has, or can pull, to nodes that lack them. @returns what was done */
export async function loadImages(run: Run, { cluster }: Pick<Place, 'cluster'>, { images, nodes }: Loading): Promise<string> {
  for (const image of images) await ensureLocal(run, image)
  const lacking = await Promise.all(nodes.map(async (node) => ((await lacks(run, node, images)) ? [node] : [])))
  const wanting = lacking.flat()
  if (wanting.length === 0) return 'there already'
  await must(
    run('kind', ['load', 'docker-image', ...images, '--name', cluster, '--nodes', wanting.join(',')]),
    `kind could not load ${images.join(' and ')}`,
  )
  return `on ${wanting.length} of ${nodes.length} nodes`
}

async function ensureLocal(run: Run, image: string): Promise<void> {
  if ((await run('docker', ['image', 'inspect', image])).code === 0) return
  const { code, stderr } = await run('docker', ['pull', image])
  if (code !== 0)
    throw new StepFailure(`docker has no image ${image} and could not pull it.`, {
      why: stderr.trim().split('\n'),
      todo: 'see whether this machine reaches the registry; an image of that name that is there already is taken as it is',
    })
}

async function lacks(run: Run, node: string, images: readonly string[]): Promise<boolean> {
  // Without an answer it is loaded again, which is slow but harmless.
  const { stdout } = await run('docker', ['exec', node, 'ctr', '--namespace=k8s.io', 'images', 'ls', '--quiet'])
  const there = new Set(stdout.split('\n').map((line) => line.trim()))
  return images.some((image) => !there.has(fullName(image)))
}

/** Returns the name of an image in containerd: with the registry, and with a folder for images without one. */
export function fullName(image: string): string {
  const [first = '', ...others] = image.split('/')
  if (others.length === 0) return `docker.io/library/${image}`
  return /[.:]/.test(first) || first === 'localhost' ? image : `docker.io/${image}`
}
