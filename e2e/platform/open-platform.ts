import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRun } from './command.ts'
import { type PlatformOptions, otherBaseImages } from './options.ts'
import { ensureOwnFiles } from './own-files.ts'
import { type Place, placeOf } from './place.ts'
import type { Platform } from './platform-steps.ts'

/** Root of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

const optionsFile = ({ folder }: Place): string => join(folder, 'options.json')

/** Returns a platform to be made with these options, which later commands find again. */
export async function newPlatform(options: PlatformOptions, env: Readonly<Record<string, string | undefined>>): Promise<Platform> {
  const platform = await platformOf(options, env)
  await writeFile(optionsFile(platform.place), JSON.stringify(options))
  return platform
}

/** Returns the platform of that name, with the options that it was made with; null when there is none. */
export async function findPlatform(
  { name, httpPort, httpsPort }: PlatformOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Platform | null> {
  const saved = await readFile(optionsFile(placeOf({ name, httpPort, httpsPort }, root)), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  // newPlatform wrote it, perhaps in a release without the choice of addresses and of base images.
  const defaults = { ipFamily: 'ipv4', baseImages: otherBaseImages(env) } as const
  return saved === null ? null : platformOf({ ...defaults, ...(JSON.parse(saved) as Omit<PlatformOptions, keyof typeof defaults>) }, env)
}

async function platformOf(options: PlatformOptions, env: Readonly<Record<string, string | undefined>>): Promise<Platform> {
  const place = placeOf(options, root)
  return {
    run: createRun({ ...env, KUBECONFIG: place.files.kubeconfig }),
    options,
    place,
    root,
    own: await ensureOwnFiles(place, new Date()),
    readText: (path) => readFile(join(root, 'e2e', path), 'utf8'),
  }
}
