import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { must, type Run } from './command.ts'
import type { Place } from './place.ts'
import { StepFailure } from './step-failure.ts'

/** The name that the chart knows, without a tag. */
export const ownRepository = 'ghcr.io/carillon-dev/carillon'

export interface Image {
  readonly repository: string
  /** Names the content: what is built from other files has another tag, so that pods are replaced exactly when there is something new. */
  readonly tag: string
}

export const referenceOf = (image: Image): string => `${image.repository}:${image.tag}`

/** @param id as docker has it, `sha256:...` */
export const tagOf = (id: string): string => `dev-${id.replace(/^sha256:/, '').slice(0, 12)}`

export interface Building {
  /** The folder of the Dockerfile, and what it may take files from. */
  readonly root: string
  /** Where docker writes the id. */
  readonly folder: string
  readonly progress: (detail: string) => void
  /** Its name. @default that of the platform's own image */
  readonly repository?: string
}

/** Builds the image from the Dockerfile, and names it by its content. Older ones of that repository lose their names. */
export async function buildImage(run: Run, { root, folder, progress, repository = ownRepository }: Building): Promise<Image> {
  const idFile = join(folder, `${repository.split('/').at(-1)}.image.id`)
  await rm(idFile, { force: true })
  await must(
    run('docker', ['build', '--tag', `${repository}:dev`, '--iidfile', idFile, root], {
      onLine: (line) => isStage(line) && progress(line),
    }),
    'docker could not build the image',
  )
  const id = (await readFile(idFile, 'utf8')).trim()
  const image = { repository, tag: tagOf(id) }
  await must(run('docker', ['tag', id, referenceOf(image)]), 'docker could not name the image')
  await removeImages(run, image.tag, repository)
  return image
}

/** What docker says when it begins something, with BuildKit and without. */
const isStage = (line: string): boolean => /^(?:Step \d|#\d+ \[)/.test(line)

/** Takes the names `dev-...` from images of ours. @param but this one */
export async function removeImages(run: Run, but = '', repository: string = ownRepository): Promise<void> {
  const tags = (await must(run('docker', ['image', 'ls', '--format', '{{.Tag}}', repository]), 'docker could not list its images')).split(
    '\n',
  )
  const old = tags.filter((tag) => tag.startsWith('dev-') && tag !== but)
  // A name that is still in use, or gone by now, is no harm.
  for (const tag of old) await run('docker', ['image', 'rm', `${repository}:${tag}`])
}

export interface Loading {
  readonly images: readonly string[]
  readonly nodes: readonly string[]
}

/** Brings images that docker has, or can pull, to nodes that do not have them yet. @returns what was done */
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
  // Without an answer it is loaded again, which is slow and otherwise harmless.
  const { stdout } = await run('docker', ['exec', node, 'ctr', '--namespace=k8s.io', 'images', 'ls', '--quiet'])
  const there = new Set(stdout.split('\n').map((line) => line.trim()))
  return images.some((image) => !there.has(fullName(image)))
}

/** The name of an image as containerd has it: with the registry, and the folder for images without one. */
export function fullName(image: string): string {
  const [first = '', ...others] = image.split('/')
  if (others.length === 0) return `docker.io/library/${image}`
  return /[.:]/.test(first) || first === 'localhost' ? image : `docker.io/${image}`
}
