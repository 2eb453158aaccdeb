import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { must, type Run } from '../platform/command.ts'
import { buildImage, type Image, loadImages, ownRepository, referenceOf } from '../platform/images.ts'
import { nodesOf } from '../platform/kind-cluster.ts'
import type { Platform } from '../platform/platform-steps.ts'

/**
 * Stands for the previous release until one has a tag: the commit whose chart first had the values of today. Its definitions, its operator and its
 * gateways are older than those of any release.
 */
const firstUpgradable = 'de5fdf8019a6ed30edb735f3f7186e6980c112ee'

export interface PreviousRelease {
  /** Tag or commit that it was made from. */
  readonly revision: string
  /** Folder of its chart. */
  readonly chart: string
  readonly image: Image
}

/** Returns the newest tag below this commit that is not the version of package.json itself, or the commit that stands for it. */
export async function previousRevision({ run, root }: Pick<Platform, 'run' | 'root'>, version: string): Promise<string> {
  const words = ['-C', root, 'tag', '--list', 'v*', '--merged', 'HEAD', '--sort=-version:refname']
  const tags = (await must(run('git', words), 'git could not list the tags')).split('\n')
  // Candidates such as v1.0.0-rc.1 do not count.
  return tags.find((tag) => /^v\d+\.\d+\.\d+$/.test(tag) && tag !== `v${version}`) ?? firstUpgradable
}

/** Makes the chart and the image of the previous release, and loads the image to the workers. Docker's cache keeps the layers for the next run. */
export async function makePreviousRelease(platform: Platform, version: string): Promise<PreviousRelease> {
  const { run, root, place, options } = platform
  const revision = await previousRevision(platform, version)
  const folder = join(place.folder, 'previous-release')
  await checkOut(run, { root, revision, folder })
  const image = await buildImage(run, {
    root: folder,
    folder: place.folder,
    progress: () => {},
    baseImages: options.baseImages,
    repository: `${ownRepository}-previous`,
  })
  const workers = (await nodesOf(run, place.cluster)).filter((node) => !node.endsWith('-control-plane'))
  await loadImages(run, place, { images: [referenceOf(image)], nodes: workers })
  return { revision, chart: join(folder, 'charts/carillon'), image }
}

interface Checkout {
  readonly root: string
  readonly revision: string
  readonly folder: string
}

/** Writes the files of a revision to a folder. */
async function checkOut(run: Run, { root, revision, folder }: Checkout): Promise<void> {
  await mkdir(folder, { recursive: true })
  const archive = `${folder}.tar`
  await must(
    run('git', ['-C', root, 'archive', '--output', archive, revision]),
    `git has no files of ${revision}, which the upgrade begins with`,
    'a shallow clone lacks them: git fetch --unshallow --tags',
  )
  await must(run('tar', ['-x', '-f', archive, '-C', folder]), `tar could not unpack ${archive}`)
}
